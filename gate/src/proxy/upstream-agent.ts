import http from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * Keeps connections to a service for the next request, and closes them before the service would. A request sent while
 * the other side closes is lost, and only one that changes nothing may be sent again.
 */
export class UpstreamAgent extends http.Agent {
  readonly #idleMs: number;
  readonly #idleSince = new WeakMap<Duplex, number>();

  /** @param idleMs how long an idle connection is kept; shorter than the service keeps it */
  constructor(idleMs: number) {
    super({ keepAlive: true, timeout: idleMs, maxFreeSockets: 256 });
    this.#idleMs = idleMs;
  }

  override keepSocketAlive(socket: Duplex): void {
    this.#idleSince.set(socket, performance.now());
    // The result, which the types omit, says whether the connection is kept.
    return super.keepSocketAlive(socket);
  }

  /**
   * Closes connections that were idle for too long. Timers do this too, but not while this process was busy or frozen,
   * so it is called before each request.
   */
  dropIdle(): void {
    const oldest = performance.now() - this.#idleMs;
    for (const sockets of Object.values(this.freeSockets))
      for (const socket of sockets ?? []) {
        // They are ordered by the time since when they are idle.
        if ((this.#idleSince.get(socket) ?? 0) > oldest) break;
        socket.destroy();
      }
  }
}
