/** What a job queue throws. */
export type JobQueueError =
  | InvalidJob
  | LeaseLost
  | JobQueueClosed
  | JobStoreCorrupt
  | JobStoreTooNew
  | JobStoreUnavailable;

/** A queue's name, or a job that was to be added, is outside the bounds of the port. A bug of the caller. */
export class InvalidJob extends Error {
  readonly kind = "InvalidJob";
}

/** The lease has run out and somebody else may have the job: stop, and write nothing more for it. */
export class LeaseLost extends Error {
  readonly kind = "LeaseLost";
  readonly queue: string;
  readonly key: string;
  constructor({ queue, key }: { readonly queue: string; readonly key: string }) {
    super(`the lease on job ${key} of queue ${queue} is lost`);
    this.queue = queue;
    this.key = key;
  }
}

/** The queue was closed while somebody waited for a job. */
export class JobQueueClosed extends Error {
  readonly kind = "JobQueueClosed";
  constructor() {
    super("the job queue is closed");
  }
}

/**
 * The file is damaged or none of ours. Nothing but work is lost with it: `setJobStoreAside` takes it
 * out of the way, and a new one begins empty.
 */
export class JobStoreCorrupt extends Error {
  readonly kind = "JobStoreCorrupt";
  readonly path: string;
  constructor(path: string, options?: ErrorOptions) {
    super(`the job queue in ${path} is damaged or is no job queue`, options);
    this.path = path;
  }
}

/** The file was written by a later version of Barge, and is left as it is. */
export class JobStoreTooNew extends Error {
  readonly kind = "JobStoreTooNew";
  readonly path: string;
  readonly version: number;
  constructor(
    path: string,
    { version, known }: { readonly version: number; readonly known: number },
  ) {
    super(`the job queue in ${path} has version ${version}; this program knows ${known} and older`);
    this.path = path;
    this.version = version;
  }
}

/** The store cannot be used at the moment: disk full, no rights, busy for too long. Trying again may help. */
export class JobStoreUnavailable extends Error {
  readonly kind = "JobStoreUnavailable";
  /** What an operator should look at, in SQLite's words: `database or disk is full`. */
  readonly reason: string;
  constructor(path: string, options: ErrorOptions & { readonly reason: string }) {
    super(`cannot use the job queue in ${path}: ${options.reason}`, options);
    this.reason = options.reason;
  }
}

/** Thrown by a job's handler: no further attempt can help. The job goes to `failed` at once. */
export class PermanentFailure extends Error {
  readonly kind = "PermanentFailure";
}
