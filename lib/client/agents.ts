import http from 'node:http';
import https from 'node:https';

// Per origin. `maxSockets` bounds what a slow target can tie up; what waits in line spends its own try's time. Idle ones are
// closed before Node's servers do it (after 5 s): a request on a connection that is just being closed is lost.
const POOL = { keepAlive: true, maxSockets: 128, maxFreeSockets: 32, timeout: 4000 };

/**
 * The connections of all clients in the process: a client made for one call uses those that are there. Of our own, as the
 * global agents are anybody's to change, and may have been told to use a proxy. Idle connections do not keep a process alive.
 */
export const httpAgent: http.Agent = new http.Agent(POOL);

/** As {@link httpAgent}, for https. */
export const httpsAgent: https.Agent = new https.Agent(POOL);
