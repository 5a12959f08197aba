import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as a server saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A server on a free port of this machine, which keeps what it was asked. */
export class PollServer {
  readonly seen: SeenRequest[] = [];
  /** Its port, also after its end. */
  port = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Starts one. Whoever starts it closes it. */
  static async start(answer: (request: SeenRequest, response: ServerResponse) => void, host = "127.0.0.1"): Promise<PollServer> {
    const server = createServer((request, response) => {
      void received(request).then((seen) => {
        started.seen.push(seen);
        answer(seen, response);
      });
    });
    const started = new PollServer(server);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, host, resolve);
    });
    started.port = (server.address() as AddressInfo).port; // it listens on a port, not on a pipe
    return started;
  }

  /** Its address by number. */
  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }
}

async function received(request: IncomingMessage): Promise<SeenRequest> {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  const { method = "", url = "", headers } = request;
  return { method, url, headers, body };
}
