/** What the engine offers of files: texts of a tenant that are kept in the store, so that every node has them and archives take them along. */

export interface StoredFile {
  /** UUIDv7, lower case. */
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
  /** A word of whoever wrote it. */
  readonly purpose: string;
  /** As UTF-8. */
  readonly bytes: number;
  readonly createdAt: number;
  /** Not there any more from then on. */
  readonly expiresAt: number;
}

/** What is known of a file when all of it has come. */
export interface FileFacts {
  readonly name: string;
  readonly purpose: string;
  /** The limit `fileRetainMs` unless told. */
  readonly retainMs?: number | undefined;
}

/** A file under way: nobody sees it before its end. */
export interface FileWriter {
  readonly id: string;
  readonly bytes: number;
  /** Resolves when it may be given more. FILE_TOO_LARGE and TOO_MANY_FILES where the file is bounded. */
  write(text: string): Promise<void>;
  /** Durable when it resolves. */
  end(facts: FileFacts): Promise<StoredFile>;
  /** Takes back what was written; after `end` too. */
  drop(): Promise<void>;
}

/** Where reading goes on: a part of the file, and the UTF-16 units of it that have been read. */
export interface FilePlace {
  readonly part: number;
  readonly offset: number;
}

export interface Files {
  /**
   * Begins a file. What is never ended is taken away after a while, also when this process dies.
   * @param ownId of a file that Bide itself writes, of what the tenant's jobs have made: it counts, and is not refused
   */
  open(tenant: string, ownId?: string): Promise<FileWriter>;
  read(tenant: string, id: string): Promise<StoredFile | null>;
  /** Newest first, behind the one with the id `after`, there or not. */
  list(request: {
    readonly tenant: string;
    readonly after?: string;
    readonly limit: number;
  }): Promise<readonly StoredFile[]>;
  /** False where there is none. Its bytes are taken away afterwards. One under way goes too. */
  remove(tenant: string, id: string): Promise<boolean>;
  /** The texts of a file in pieces of bounded size. Rejects with FILE_NOT_FOUND where it is removed meanwhile. */
  texts(file: Pick<StoredFile, 'id' | 'tenant'>, from?: FilePlace): AsyncGenerator<FilePiece, void, undefined>;
}

export interface FilePiece {
  readonly place: FilePlace;
  readonly text: string;
}
