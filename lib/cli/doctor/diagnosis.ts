/**
 * The way of a request, in the order in which it can break. Their ids are stable: scripts read them in `--json`.
 *
 * - `settings` … `token-revoked`: what is here. What a server says of the token itself belongs to these steps too: `token_revoked` to
 *   `token-revoked`, `audience_not_allowed` to `token-audience`, whoever says it.
 * - `name`, `connection`, `tls`, `clock`: the way to whatever answers. A port that accepts and is silent, hangs up or speaks another protocol
 *   (also TLS where the URL says http) breaks at `connection`; https to a port of http at `tls`.
 * - `token-arrives`: something that is not ours answered, or ours saw no token.
 * - `gateway`: ours refused the token, has no route, or lets the path through without looking at the token.
 * - `trust`: the service refused the gateway's assertion or the token.
 * - `guard`: the caller is known, and may not; or anybody may.
 * - `service`: the service is not reached by the gateway, breaks off, or answers 4xx or 5xx in its own words: no matter of tokens.
 */
export const STEPS: readonly { readonly id: StepId; readonly title: string }[] = [
  { id: 'settings', title: 'settings are sane' },
  { id: 'token-present', title: 'there is a token' },
  { id: 'token-form', title: 'the token is well-formed' },
  { id: 'token-signature', title: 'a key we have signed it' },
  { id: 'token-alive', title: 'the token is alive' },
  { id: 'token-type', title: "it is a service's token" },
  { id: 'token-audience', title: 'it is meant for the service' },
  { id: 'token-revoked', title: 'it is not revoked' },
  { id: 'name', title: 'the host name resolves' },
  { id: 'connection', title: 'the server connects and answers' },
  { id: 'tls', title: 'TLS is sound' },
  { id: 'clock', title: "our clock and the server's agree" },
  { id: 'token-arrives', title: 'the token arrives' },
  { id: 'gateway', title: 'the gateway accepts it' },
  { id: 'trust', title: 'the service trusts what it gets' },
  { id: 'guard', title: 'the guard lets us in' },
  { id: 'service', title: 'the service does its work' },
];

/** The id of a step. */
export type StepId =
  | 'settings'
  | 'token-present'
  | 'token-form'
  | 'token-signature'
  | 'token-alive'
  | 'token-type'
  | 'token-audience'
  | 'token-revoked'
  | 'name'
  | 'connection'
  | 'tls'
  | 'clock'
  | 'token-arrives'
  | 'gateway'
  | 'trust'
  | 'guard'
  | 'service';

/** What a step came to. */
export type StepFinding =
  | { readonly status: 'passed'; readonly seen?: string | undefined }
  | {
      readonly status: 'failed';
      /** What was seen, in one sentence. It never has the token or a part of it. */
      readonly seen: string;
      /** What mends it. */
      readonly remedy: string;
      /** `ECONNREFUSED` where every address refuses connections. */
      readonly code?: string | undefined;
    }
  | {
      readonly status: 'skipped';
      /** Why it was not looked at. */
      readonly why: string;
    };

/** One step of a diagnosis. */
export type DiagnosedStep = StepFinding & { readonly id: StepId; readonly title: string };

/**
 * Who gave the answer: the service itself; our gateway, which refused or could not reach the service; something in between (an ingress, a proxy,
 * a login page); or nobody can tell.
 */
export type AnsweredBy = 'service' | 'gateway' | 'in-between' | 'unknown';

/** The answer that was read. */
export interface DiagnosedAnswer {
  readonly status: number;
  readonly by: AnsweredBy;
  /** The `code` of a problem (RFC 9457), where it is one of ours. */
  readonly code?: string | undefined;
  /** By which the audit line of the request is found. */
  readonly requestId?: string | undefined;
  /** From the first look-up to the end of the answer. */
  readonly ms: number;
  /** Present where the question with the token got no answer, or there is no token: this is the answer to the one without. */
  readonly withoutToken?: true | undefined;
}

/** The one place where the request first breaks. */
export interface Verdict {
  readonly step: StepId;
  readonly seen: string;
  readonly remedy: string;
}

/** What was found on one way. */
export interface Diagnosis {
  readonly url: string;
  /** Whether no step failed. */
  readonly ok: boolean;
  /**
   * The first step that failed; null where all is well. What is wrong here but did not break the request (keys here that are not those of the
   * server, a variable that this request does not need) comes after what did.
   */
  readonly verdict: Verdict | null;
  /** Every step of STEPS, in their order. */
  readonly steps: readonly DiagnosedStep[];
  /** Absent where nothing answered. */
  readonly answer?: DiagnosedAnswer | undefined;
}

/**
 * What `--json` prints:
 *
 * ```json
 * { "url": "https://…", "ok": false, "verdict": { "step": "token-arrives", "seen": "…", "remedy": "…" },
 *   "steps": [{ "id": "settings", "title": "…", "status": "passed", "seen": "…" },
 *             { "id": "token-arrives", "title": "…", "status": "failed", "seen": "…", "remedy": "…" },
 *             { "id": "gateway", "title": "…", "status": "skipped", "why": "…" }],
 *   "answer": { "status": 401, "by": "gateway", "code": "missing_credentials", "requestId": "…", "ms": 12 },
 *   "direct": { "url": "http://…", "ok": true, "verdict": null, "steps": [], "answer": {} }, "conclusion": "…" }
 * ```
 *
 * With `--direct` the diagnosis itself is of the way through the gateway; `direct` and `conclusion` are there only then, and `ok` is true
 * only where both ways are well, or where that through the gateway is and the service is shut to everybody else (`shutBy()`).
 */
export interface DoctorReport extends Diagnosis {
  /** The same of the way past the gateway. */
  readonly direct?: Diagnosis | undefined;
  /** What the two ways say together. */
  readonly conclusion?: string | undefined;
}
