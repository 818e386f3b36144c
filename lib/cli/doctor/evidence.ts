import type { AnswerMeaning } from './answer-meaning.js';
import type { Answer, ProbeResult } from './probe.js';
import type { Quote } from './quote.js';

/** What was found out by asking, on one way. */
export interface WayEvidence {
  readonly url: URL;
  readonly timeoutMs: number;
  /** The request id of all questions. */
  readonly requestId: string;
  /** Asked without a token. */
  readonly bare: ProbeResult;
  /** Asked with the token; undefined: there is none that could be sent, or nothing is there to be asked. */
  readonly authed: ProbeResult | undefined;
  /** Whether a gateway of ours is on the way; undefined: nobody knows. */
  readonly isGatewayThere: boolean | undefined;
  /** Whether a port that hung up on plain http speaks TLS, or one that does not speak TLS speaks plain http. */
  readonly speaksOtherwise: boolean;
}

/** What is known of the client of the request. */
export interface ClientFacts {
  /** The name in the token. */
  readonly service: string | undefined;
  /** The id of the key in the token. */
  readonly keyId: string | undefined;
  /** Whether a key here has proved the signature; undefined: there are no keys here. */
  readonly isSignedByUs: boolean | undefined;
  /** The audiences that the token names. */
  readonly audiences: readonly string[];
  /** The service that is asked, where it is known. */
  readonly target: string | undefined;
  /** What is asked. */
  readonly asked: URL;
  readonly quote: Quote;
}

/** An answer with what it means. */
export interface ReadAnswer {
  readonly answer: Answer;
  readonly meaning: AnswerMeaning;
}

/** Where a request breaks behind the connection. */
export interface Break {
  readonly step: 'connection' | 'token-arrives' | 'gateway' | 'trust' | 'guard' | 'service';
  readonly seen: string;
  readonly remedy: string;
}
