import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { ROOT } from '../../scripts/files.js';

export const FOLDER: string = join(ROOT, 'deploy/kubernetes');

/** What the tests read of a manifest; the rest of it is there too. */
export interface Manifest {
  /** Under deploy/kubernetes. */
  readonly file: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly stringData?: Readonly<Record<string, string>>;
  readonly type?: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each kind has another one
  readonly spec?: any;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly key: string } };
  }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly resources: { readonly requests: unknown; readonly limits: { readonly memory?: string } };
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
}

export interface Pod {
  /** The name of what makes the pod. */
  readonly name: string;
  readonly file: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: {
    readonly automountServiceAccountToken?: boolean;
    readonly enableServiceLinks?: boolean;
    readonly securityContext: Readonly<Record<string, unknown>>;
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[];
    readonly volumes: readonly {
      readonly name: string;
      readonly secret?: {
        readonly secretName: string;
        readonly defaultMode: number;
        readonly items?: readonly { readonly key: string; readonly path: string }[];
      };
    }[];
  };
}

/** Every document under deploy/kubernetes but the kustomization. */
export function manifests(): readonly Manifest[] {
  return (readdirSync(FOLDER, { recursive: true }) as string[])
    .filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml')
    .sort()
    .flatMap((file) => documentsOf(readFileSync(join(FOLDER, file), 'utf8')).map((one) => ({ ...one, file })));
}

/** Reads a file of manifests as strictly as can be: no key twice, no warning. */
export function documentsOf(text: string): readonly Omit<Manifest, 'file'>[] {
  return parseAllDocuments(text, { version: '1.2', strict: true, uniqueKeys: true }).map((document) => {
    if (!('errors' in document)) throw new Error('There is no document.');
    const [fault] = [...document.errors, ...document.warnings];
    if (fault !== undefined) throw fault;
    return document.toJS() as Omit<Manifest, 'file'>;
  });
}

/** Everything that makes pods. */
export function pods(): readonly Pod[] {
  return manifests().flatMap(({ kind, metadata, spec, file }) => {
    const template = kind === 'CronJob' ? spec.jobTemplate.spec.template : spec?.template;
    if (template === undefined) return [];
    return [{ name: metadata.name, file, labels: template.metadata.labels, spec: template.spec }];
  });
}

/** The Secret of that name, as deploy/kubernetes/secrets shows it. */
export function secret(name: string): Manifest {
  const found = manifests().find(({ kind, metadata }) => kind === 'Secret' && metadata.name === name);
  if (found === undefined) throw new Error(`There is no Secret ${name}.`);
  return found;
}
