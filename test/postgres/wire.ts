/**
 * A wire to the server that a test can damage: cut, frozen (open on both sides, silent on both), or with answers that get lost
 * after the server did what it was asked.
 */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface Wire {
  /** The same database, over this wire. */
  through(url: string): string;
  /** Ends every connection on both sides; new ones are taken. */
  cut(): void;
  /** Nothing arrives any more in either direction, new connections included, and nobody is told. */
  freeze(): void;
  thaw(): void;
  /**
   * Requests still arrive, answers do not. Resolves with the first answer that is swallowed: the server is done then; cut
   * the wire next.
   */
  loseAnswers(): Promise<void>;
  /** Refuses new connections and ends the old ones, until `thaw`. */
  refuse(): void;
  end(): Promise<void>;
}

interface Link {
  readonly near: Socket;
  readonly far: Socket;
}

export async function startWire(serverPort: number): Promise<Wire> {
  const links = new Set<Link>();
  let mode: 'open' | 'frozen' | 'losing' | 'refusing' = 'open';
  let onSwallowed: (() => void) | null = null;

  const server = createServer((near) => {
    if (mode === 'refusing') return void near.destroy();
    const link = { near, far: connect(serverPort, '127.0.0.1') };
    links.add(link);
    join(link);
  });

  function join({ near, far }: Link): void {
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      socket.on('error', () => socket.destroy());
    }
    near.on('data', (chunk) => mode !== 'frozen' && far.write(chunk));
    far.on('data', (chunk) => {
      if (mode === 'open') near.write(chunk);
      else if (mode === 'losing') onSwallowed?.();
    });
    near.on('close', () => mode !== 'frozen' && far.destroy());
    far.on('close', () => mode !== 'frozen' && near.destroy());
  }

  function cut(): void {
    for (const { near, far } of links) {
      near.destroy();
      far.destroy();
    }
    links.clear();
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    through(url) {
      const parsed = new URL(url);
      parsed.port = String(port);
      return parsed.href;
    },
    cut,
    freeze() {
      mode = 'frozen';
    },
    thaw() {
      mode = 'open';
    },
    loseAnswers() {
      mode = 'losing';
      return new Promise((resolve) => {
        onSwallowed = resolve;
      });
    },
    refuse() {
      mode = 'refusing';
      cut();
    },
    async end() {
      mode = 'open';
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
