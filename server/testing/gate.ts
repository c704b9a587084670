/** A door before the tests' PostgreSQL that can be closed and held, as when the database is restarted, killed or stopped (SIGSTOP). */
import { connect, createServer, type Server, type Socket } from 'node:net';

export class Gate {
  readonly #target: { host: string; port: number };
  readonly #pairs = new Set<[Socket, Socket]>();
  #server: Server | undefined;
  #port = 0;
  #held = false;

  private constructor(target: { host: string; port: number }) {
    this.#target = target;
  }

  static async before(databaseUrl: string): Promise<Gate> {
    const { hostname, port } = new URL(databaseUrl);
    const gate = new Gate({ host: hostname, port: Number(port || 5432) });
    await gate.open();
    return gate;
  }

  /** The same database, through the gate. */
  url(databaseUrl: string): string {
    const url = new URL(databaseUrl);
    url.host = `127.0.0.1:${this.#port}`;
    return url.href;
  }

  /** Connections are taken and carried on; what was held flows again. */
  async open(): Promise<void> {
    this.#held = false;
    for (const pair of this.#pairs) for (const end of pair) end.resume();
    if (this.#server) return;
    const server = createServer((near) => { this.#carry(near); });
    this.#server = server;
    await new Promise<void>((done) => { server.listen(this.#port, '127.0.0.1', done); });
    const address = server.address();
    if (typeof address === 'object' && address) this.#port = address.port;
  }

  /** As a killed database: every connection breaks, new ones are refused. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = new Promise<void>((done) => { if (server) server.close(() => { done(); }); else done(); });
    for (const pair of this.#pairs) for (const end of pair) end.destroy();
    await closed;
  }

  /** As a stopped one: connections stay and new ones are taken, but nothing is answered. */
  hold(): void {
    this.#held = true;
    for (const pair of this.#pairs) for (const end of pair) end.pause();
  }

  #carry(near: Socket): void {
    const far = connect(this.#target);
    const pair: [Socket, Socket] = [near, far];
    this.#pairs.add(pair);
    const end = (): void => { this.#pairs.delete(pair); near.destroy(); far.destroy(); };
    for (const [from, to] of [[near, far], [far, near]] as const) {
      from.on('data', (bytes) => void to.write(bytes));
      from.on('error', end).on('close', end);
      if (this.#held) from.pause();
    }
  }
}
