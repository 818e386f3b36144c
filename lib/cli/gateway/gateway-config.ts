import type { LogLevel } from '../../shared/log.js';
import type { NamedTarget } from '../../server/gateway/routes.js';
import type { ConfigNode } from './config-node.js';

/** A configuration of the gateway as a process, read and checked as far as that goes without looking at other files. */
export interface GatewayConfig {
  readonly name: string;
  readonly listen: ListenAddress;
  readonly tls: TlsPlace | undefined;
  readonly keys: KeyPlace;
  readonly assertionKeys: FilePlace | undefined;
  readonly revocations: RevocationPlace | undefined;
  readonly routes: Readonly<Record<string, NamedTarget>>;
  readonly public: readonly string[];
  readonly forwardAuthorization: boolean;
  /** Whose `X-Forwarded-*` is believed, as `addressesIn()` takes them. */
  readonly trustedProxies: readonly string[];
  /** As the options of `gateway()`; undefined: its default. */
  readonly timeouts: {
    readonly connectTimeoutMs: number | undefined;
    readonly responseTimeoutMs: number | undefined;
    readonly idleTimeoutMs: number | undefined;
  };
  readonly limits: ServerLimits;
  readonly drain: DrainTimes;
  readonly health: HealthPaths;
  readonly clockToleranceSeconds: number | undefined;
  readonly cacheSize: number | undefined;
  /** Undefined: `LOG_LEVEL`, else info. */
  readonly logLevel: LogLevel | undefined;
}

/** Where the gateway listens. */
export interface ListenAddress {
  readonly host: string;
  /** 0: a free one, which the log tells. */
  readonly port: number;
}

/** A file, by its absolute path, with the setting that names it. */
export interface FilePlace {
  readonly path: string;
  readonly at: ConfigNode;
}

/** The files of TLS, in PEM form. */
export interface TlsPlace {
  readonly cert: FilePlace;
  readonly key: FilePlace;
  readonly at: ConfigNode;
}

/** Where the keys of tokens are. */
export interface KeyPlace {
  /** The key file or directory; undefined: `JWT_SECRET_KEY` and its siblings. */
  readonly file: { readonly path: string; readonly setting: string } | undefined;
  readonly signAfterSeconds: number;
  readonly at: ConfigNode;
}

/** Where revocations are. */
export type RevocationPlace = {
  readonly at: ConfigNode;
  /** Undefined: the last known list stays in force for as long as its source is away. */
  readonly maxStalenessSeconds: number | undefined;
} & (
  | { readonly kind: 'file'; readonly path: string }
  /** `variable` is the one of the environment that holds the URL. */
  | { readonly kind: 'redis'; readonly variable: string; readonly url: string; readonly keyPrefix: string | undefined }
);

/** Limits on clients, as those of a server of `node:http`. */
export interface ServerLimits {
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly maxHeaderBytes: number;
  /** Undefined: none. */
  readonly maxConnections: number | undefined;
}

/** How the gateway ends, in ms. */
export interface DrainTimes {
  /** How long it goes on as ever, but for `/readyz`, so that whoever sends requests here can hear of it. */
  readonly delayMs: number;
  /** How long a connection that has carried requests may be silent, after that, before it is closed. */
  readonly idleMs: number;
  /** How long requests that are under way may take, after the delay, before they are broken off. */
  readonly timeoutMs: number;
}

/** Where the gateway tells how it is. */
export interface HealthPaths {
  readonly livePath: string;
  readonly readyPath: string;
}
