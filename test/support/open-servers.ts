/** What a test started and has not closed yet. */
export interface Closable {
  close(): Promise<void>;
}

const open = new Set<Closable>();

/** Notes that it is open; `closed()` is to be called when it is not any more. */
export function noteOpen(server: Closable): { closed(): void } {
  open.add(server);
  return { closed: () => void open.delete(server) };
}

/** A test that failed may have left its server open, and the run would wait for it for ever. */
export async function closeAllLeft(): Promise<void> {
  await Promise.all([...open].map((server) => server.close()));
}
