import type { KnownService } from '../../shared/services.js';
import { answersOf, askWay } from './ask-way.js';
import { type ClientSide, sendableToken } from './client-side.js';
import { judgeClock } from './clock-step.js';
import type { DiagnosedAnswer, Diagnosis, StepId } from './diagnosis.js';
import type { ClientFacts, WayEvidence } from './evidence.js';
import { failed, type Finding, skipped } from './finding.js';
import { type NetworkFindings, judgeNetwork, networkBreak } from './network-steps.js';
import { outcomeOf } from './outcome.js';
import { audiencesIn, serviceIn, type UnprovenToken } from './read-unproven.js';
import { targetOf } from './target-service.js';
import { tokenFindings } from './token-findings.js';
import { signatureDefect } from './token-steps.js';
import { judgeWay, wayFindings, type WayVerdict } from './way-steps.js';

/** What is asked, and by whom. */
export interface ExaminationOptions {
  readonly url: URL;
  readonly side: ClientSide;
  /** The service that is asked, where somebody has said so. */
  readonly service: string | undefined;
  readonly services: readonly KnownService[];
  readonly timeoutMs: number;
  readonly ca: string | undefined;
}

/** Walks one way of a request, and says where it breaks. */
export async function examine(options: ExaminationOptions): Promise<Diagnosis> {
  const { url, side, timeoutMs, ca } = options;
  const way = await askWay({ url, token: sendableToken(side), timeoutMs, ca });
  return diagnose(options, way);
}

/** Judges what was found out. */
function diagnose(options: ExaminationOptions, way: WayEvidence): Diagnosis {
  const { side, service, services } = options;
  const token = side.read === undefined || 'reason' in side.read ? undefined : side.read;
  const client = factsOf(side, token, { asked: way.url, target: service ?? targetOf(way.url, services) });
  const network = judgeNetwork(way, side.quote);
  const verdict = judgeWay(way, client);
  const local = tokenFindings({ side, token, knownServices: services.map(({ name }) => name), way, verdict, client });
  const clock = clockFinding(way, network);
  const explainedBy = explanation(verdict, { ...local, clock });
  // Reached once, and then no more: the connection itself.
  const connection =
    verdict.break?.step === 'connection' ? failed(verdict.break.seen, verdict.break.remedy) : network.connection;
  const behind = behindFindings({
    way,
    verdict,
    network: { ...network, connection },
    isSendable: token !== undefined,
    explainedBy,
  });
  const findings = { ...local, ...network, connection, clock, ...behind };
  return { url: way.url.origin + way.url.pathname, ...outcomeOf(findings), ...answerOf(way, verdict, side) };
}

function factsOf(
  side: ClientSide,
  token: UnprovenToken | undefined,
  { asked, target }: Pick<ClientFacts, 'asked' | 'target'>,
): ClientFacts {
  const { keys, quote } = side;
  const defect = token === undefined || keys === undefined ? undefined : signatureDefect(token, keys);
  return {
    service: token && serviceIn(token),
    keyId: token?.keyId,
    isSignedByUs: defect === undefined ? undefined : defect === null,
    audiences: token === undefined ? [] : audiencesIn(token),
    target,
    asked,
    quote,
  };
}

function clockFinding({ bare, authed }: WayEvidence, network: NetworkFindings): Finding {
  const answers = answersOf(bare, authed);
  const broken = networkBreak(network);
  if (answers.length === 0) return skipped(`Nothing answered: see ${String(broken)}.`);
  return judgeClock(answers);
}

const EXPLANATIONS: Readonly<Record<string, readonly StepId[] | undefined>> = {
  token_expired: ['token-alive', 'clock'],
  invalid_token: ['token-form', 'token-signature', 'token-alive', 'token-type', 'clock'],
  token_revoked: ['token-revoked'],
  audience_not_allowed: ['token-audience'],
  wrong_audience: ['token-audience'],
  service_required: ['token-type'],
};

/** The step before that says already what a refusal says. */
function explanation(
  { authed, break: where }: WayVerdict,
  findings: Readonly<Partial<Record<StepId, Finding>>>,
): string | undefined {
  // What was not our token says nothing of it.
  if (where?.step === 'token-arrives') return undefined;
  const code = authed?.meaning.code ?? '';
  // A server may call its code `constructor`.
  const candidates = (Object.hasOwn(EXPLANATIONS, code) ? EXPLANATIONS[code] : undefined) ?? [];
  return candidates.find((step) => {
    const finding = findings[step];
    return finding?.status === 'failed' && finding.isBeside !== true;
  });
}

interface Behind {
  readonly way: WayEvidence;
  readonly verdict: WayVerdict;
  readonly network: NetworkFindings;
  readonly isSendable: boolean;
  readonly explainedBy: string | undefined;
}

function behindFindings({ way, verdict, network, isSendable, explainedBy }: Behind): ReturnType<typeof wayFindings> {
  const broken = networkBreak(network);
  if (broken !== undefined || !isSendable) {
    const why =
      broken === undefined ? 'There is no token that could be sent.' : `The request did not get there: see ${broken}.`;
    const all = skipped(why);
    return { 'token-arrives': all, gateway: all, trust: all, guard: all, service: all };
  }
  return wayFindings(verdict, way, explainedBy);
}

function answerOf(
  way: WayEvidence,
  { authed, bare }: WayVerdict,
  { quote }: ClientSide,
): { readonly answer?: DiagnosedAnswer } {
  const told = authed ?? bare;
  if (told === undefined) return {};
  const { answer, meaning } = told;
  const id = answer.headers['x-request-id'];
  return {
    answer: {
      status: answer.status,
      by: meaning.by,
      ...(meaning.code !== undefined && { code: meaning.code }),
      ...(id !== undefined && { requestId: id === way.requestId ? id : quote(id) }),
      ms: answer.ms,
      ...(authed === undefined && { withoutToken: true }),
    },
  };
}
