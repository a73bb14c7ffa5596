/**
 * A pooler in transaction mode, as small as it can be: clients share server connections, and each transaction may run on another
 * one than the one before. What holds a session (prepared names, settings, LISTEN) breaks behind it as behind the real ones.
 *
 * It speaks just enough of the protocol (version 3, documented in the PostgreSQL manual): it logs in to the server itself, tells
 * clients that they are in, and then moves messages. A server connection is taken with the first message of a transaction and
 * given back at "ready for query, idle"; the next free one is taken in turn, so that sessions mix as much as they can. Like
 * PgBouncer, it refuses startup parameters that are settings.
 */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import pg from 'pg';

export interface Pooler {
  /** The same database, through the pooler. */
  through(url: string): string;
  end(): Promise<void>;
}

/** Parameters that a pooler in transaction mode takes without being told to. */
const PARAMETERS_TAKEN: ReadonlySet<string> = new Set([
  'user',
  'database',
  'application_name',
  'client_encoding',
  'replication',
]);
const AUTHENTICATED = message('R', int32(0));
const READY_IDLE = message('Z', Buffer.from('I'));
const SSL_REQUEST = 80_877_103;
const SYNC = 'S';
const QUERY = 'Q';
const TERMINATE = 'X';

export async function startPooler(serverPort: number, size: number): Promise<Pooler> {
  const databases = new Map<string, Backends>();
  const sockets = new Set<Socket>();
  const password = { of: new Map<string, string>() };
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    serve(socket, (database) => {
      const known = databases.get(database);
      if (known !== undefined) return known;
      const backends = new Backends(password.of.get(database) ?? '', size);
      databases.set(database, backends);
      return backends;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    through(url) {
      const parsed = new URL(url);
      password.of.set(parsed.pathname.slice(1), url);
      parsed.port = String(port);
      if (Number(new URL(url).port) !== serverPort) throw new Error('Not a database of this server.');
      return parsed.href;
    },
    async end() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await Promise.all([...databases.values()].map((backends) => backends.end()));
    },
  };
}

/** A server connection that is past its login: the driver did that, then the raw socket is ours. */
interface Backend {
  readonly socket: Socket;
  owner: ((chunk: Buffer) => void) | null;
}

interface Waiting {
  readonly resolve: (backend: Backend) => void;
  readonly reject: (error: unknown) => void;
}

/** A login that takes longer is given up; whoever wanted the connection is cut off then, and comes again. */
const CONNECT_MS = 5_000;

class Backends {
  readonly #url: string;
  readonly #size: number;
  readonly #clients = new Set<pg.Client>();
  readonly #free: Backend[] = [];
  readonly #queue: Waiting[] = [];

  constructor(url: string, size: number) {
    this.#url = url;
    this.#size = size;
  }

  async take(): Promise<Backend> {
    const free = this.#free.shift();
    if (free !== undefined) return free;
    return new Promise((resolve, reject) => {
      this.#queue.push({ resolve, reject });
      this.#openForNext();
    });
  }

  give(backend: Backend): void {
    backend.owner = null;
    const next = this.#queue.shift();
    if (next !== undefined) next.resolve(backend);
    else this.#free.push(backend);
  }

  /** Its client has gone in the middle of a transaction: nobody else may go on with that. */
  drop(backend: Backend): void {
    backend.owner = null;
    backend.socket.destroy();
  }

  async end(): Promise<void> {
    for (const client of this.#clients) streamOf(client).destroy();
  }

  #openForNext(): void {
    if (this.#clients.size >= this.#size || this.#queue.length === 0) return;
    const client = new pg.Client({ connectionString: this.#url, connectionTimeoutMillis: CONNECT_MS });
    this.#clients.add(client);
    client.on('error', () => {});
    client.connect().then(
      () => this.give(this.#opened(client)),
      (error: unknown) => {
        this.#clients.delete(client);
        this.#queue.shift()?.reject(error);
        this.#openForNext();
      },
    );
  }

  #opened(client: pg.Client): Backend {
    const socket = streamOf(client);
    socket.removeAllListeners('data');
    socket.setNoDelay(true);
    const backend: Backend = { socket, owner: null };
    socket.on('data', (chunk: Buffer) => backend.owner?.(chunk));
    socket.once('close', () => {
      this.#clients.delete(client);
      const at = this.#free.indexOf(backend);
      if (at >= 0) this.#free.splice(at, 1);
      this.#openForNext();
    });
    return backend;
  }
}

function streamOf(client: pg.Client): Socket {
  return (client as unknown as { readonly connection: { readonly stream: Socket } }).connection.stream;
}

/** One client: its messages are cut into transactions, which run one after another. */
function serve(socket: Socket, backendsOf: (database: string) => Backends): void {
  let backends: Backends | null = null;
  let backend: Promise<Backend> | null = null;
  /** Syncs and queries sent whose "ready" has not come back. */
  let unanswered = 0;
  const fromClient = new Cutter((type, bytes) => {
    if (backends === null || type === TERMINATE) return void socket.end();
    if (type === SYNC || type === QUERY) unanswered += 1;
    backend ??= backends.take().then((taken) => own(taken));
    backend.then(
      (taken) => writeSoon(taken.socket, bytes),
      () => socket.destroy(),
    );
  });

  function own(taken: Backend): Backend {
    const fromServer = new Cutter((type, bytes) => {
      writeSoon(socket, bytes);
      if (type !== 'Z') return;
      unanswered -= 1;
      const isIdle = bytes[5] === 'I'.charCodeAt(0);
      if (isIdle && unanswered === 0) {
        backend = null;
        backends?.give(taken);
      }
    });
    taken.owner = (chunk) => fromServer.push(chunk);
    return taken;
  }

  const startup = new Startup((parameters) => {
    const setting = [...parameters.keys()].find((name) => !PARAMETERS_TAKEN.has(name));
    if (setting !== undefined) {
      socket.end(message('E', Buffer.from(`SFATAL\0C08P01\0Munsupported startup parameter: ${setting}\0\0`)));
      return;
    }
    backends = backendsOf(parameters.get('database') ?? '');
    socket.write(Buffer.concat([AUTHENTICATED, READY_IDLE]));
  }, socket);
  socket.once('close', () => {
    backend?.then(
      (taken) => backends?.drop(taken),
      () => {},
    );
    backend = null;
  });
  socket.on('data', (chunk) => {
    const rest = startup.push(chunk);
    if (rest.length > 0) fromClient.push(rest);
  });
}

/** With what else comes at this moment: a write for each row of an answer is most of what the pooler costs. */
function writeSoon(socket: Socket, bytes: Buffer): void {
  socket.cork();
  socket.write(bytes);
  process.nextTick(() => socket.uncork());
}

/** The first message, which has no type; a wish for TLS before it is declined. */
class Startup {
  readonly #onDone: (parameters: ReadonlyMap<string, string>) => void;
  readonly #socket: Socket;
  #isDone = false;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(onDone: (parameters: ReadonlyMap<string, string>) => void, socket: Socket) {
    this.#onDone = onDone;
    this.#socket = socket;
  }

  /** What comes after it. */
  push(chunk: Buffer): Buffer {
    if (this.#isDone) return chunk;
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    while (!this.#isDone && this.#bytes.length >= 8 && this.#bytes.length >= this.#bytes.readInt32BE(0)) {
      const length = this.#bytes.readInt32BE(0);
      const body = this.#bytes.subarray(4, length);
      this.#bytes = this.#bytes.subarray(length);
      if (body.readInt32BE(0) === SSL_REQUEST) this.#socket.write('N');
      else this.#finish(body.subarray(4).toString());
    }
    return this.#isDone ? this.#bytes : Buffer.alloc(0);
  }

  #finish(text: string): void {
    this.#isDone = true;
    const words = text.split('\0');
    const pairs = words.flatMap((word, index) =>
      index % 2 === 0 && word !== '' ? [[word, words[index + 1] ?? ''] as const] : [],
    );
    this.#onDone(new Map(pairs));
  }
}

/**
 * Cuts a stream into messages: a type, a length that counts itself, a body. Chunks are joined once a message is whole, since to join at every
 * chunk copies a message of megabytes hundreds of times.
 */
class Cutter {
  readonly #onMessage: (type: string, bytes: Buffer) => void;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #wanted = HEAD_BYTES;

  constructor(onMessage: (type: string, bytes: Buffer) => void) {
    this.#onMessage = onMessage;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < this.#wanted) return;
    let rest = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    for (;;) {
      this.#wanted = wantedOf(rest);
      if (rest.length < this.#wanted) break;
      const bytes = rest.subarray(0, this.#wanted);
      rest = rest.subarray(this.#wanted);
      this.#onMessage(String.fromCharCode(bytes[0] ?? 0), bytes);
    }
    this.#chunks = [rest];
    this.#bytes = rest.length;
  }
}

const HEAD_BYTES = 5;

/** Of the message that begins here; of its head, where that is not whole. */
function wantedOf(bytes: Buffer): number {
  return bytes.length < HEAD_BYTES ? HEAD_BYTES : bytes.readInt32BE(1) + 1;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function message(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}
