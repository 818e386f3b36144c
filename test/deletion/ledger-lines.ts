/** A line of a ledger, as far as these tests read it: on their own, so that what lib reads is not its own witness. */
interface Line {
  readonly type?: string;
  readonly epoch?: number;
  readonly runId?: string;
  readonly service?: string;
  readonly outcome?: { readonly status?: string };
}

/** What a ledger says of a service in a run. */
export interface WrittenService {
  /** An outcome is there after which nothing is left to be done. */
  readonly isDone: boolean;
  /** How often the intention to ask it is there. */
  readonly intentions: number;
  /** Whether the last intention has no outcome yet. */
  readonly isOpen: boolean;
  /** Whether the last intention was written by one who had written before that a service refuses: nobody is asked then. */
  readonly isAfterRefusal: boolean;
  /** Whether what stands before the last intention is that the service has accepted it. */
  readonly isAfterAcceptance: boolean;
}

/** Reads what the finished lines of a ledger say of a service in a run. Lines of who had lost the lock do not count. */
export function readService(lines: readonly string[], runId: string, service: string): WrittenService {
  let epoch = 0;
  let isDone = false;
  let isOpen = false;
  let intentions = 0;
  let hasRefusal = false;
  let isAfterRefusal = false;
  let isAccepted = false;
  let isAfterAcceptance = false;
  for (const line of lines) {
    const record = parse(line);
    if (record?.type === 'lock' && (record.epoch ?? 0) > epoch) {
      epoch = record.epoch ?? 0;
      hasRefusal = false;
    }
    if (record?.epoch !== epoch || record.runId !== runId) continue;
    hasRefusal ||= record.outcome?.status === 'refused';
    if (record.service !== service) continue;
    if (record.type === 'intention') {
      intentions++;
      isAfterRefusal = hasRefusal;
      [isAfterAcceptance, isAccepted] = [isAccepted, false];
      isOpen = true;
    }
    if (record.type === 'outcome') {
      isOpen = false;
      isAccepted = record.outcome?.status === 'accepted';
      isDone ||= ['deleted', 'already_gone'].includes(record.outcome?.status ?? '');
    }
  }
  return { isDone, isOpen, intentions, isAfterRefusal, isAfterAcceptance };
}

/** The finished lines of a ledger's file. */
export function finishedLines(text: string): readonly string[] {
  return text.split('\n').slice(0, -1);
}

function parse(line: string): Line | undefined {
  try {
    return JSON.parse(line) as Line;
  } catch {
    return undefined;
  }
}
