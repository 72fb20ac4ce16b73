import { StorageUnavailable } from "../../src/storage/errors.ts";
import {
  hasLocalFiles,
  type StagingArea,
  type StorageDriver,
} from "../../src/storage/storage-driver.ts";

/** A call of the storage port: `write`, `staging.append`, ... */
export interface DriverCall {
  readonly action: string;
  readonly key: string;
}

/** Told of every call. It may wait, or throw in the driver's place. */
export interface Interception {
  readonly before?: (call: DriverCall) => void | Promise<void>;
  /** After the effect: what is thrown here is the lost answer to a call that was carried out. */
  readonly after?: (call: DriverCall) => void | Promise<void>;
}

/** A driver that does what `driver` does, and tells of it. Disposing it disposes `driver`. */
export function intercepted(driver: StorageDriver, interception: Interception): StorageDriver {
  const call = async <Result>(
    action: string,
    key: string,
    task: () => Promise<Result>,
  ): Promise<Result> => {
    await interception.before?.({ action, key });
    const result = await task();
    await interception.after?.({ action, key });
    return result;
  };
  async function* stream<Item>(
    action: string,
    key: string,
    items: AsyncIterable<Item>,
  ): AsyncGenerator<Item> {
    await interception.before?.({ action, key });
    yield* items;
    await interception.after?.({ action, key });
  }
  return {
    name: driver.name,
    staging: interceptedStaging(driver.staging, { call, stream }),
    stat: (key, options) => call("stat", key, () => driver.stat(key, options)),
    read: (key, options) => stream("read", key, driver.read(key, options)),
    write: (key, bytes, options) => call("write", key, () => driver.write(key, bytes, options)),
    delete: (key, options) => call("delete", key, () => driver.delete(key, options)),
    deleteTree: (key, options) => call("deleteTree", key, () => driver.deleteTree(key, options)),
    list: (key, options) => stream("list", key, driver.list(key, options)),
    [Symbol.asyncDispose]: () => driver[Symbol.asyncDispose](),
    ...(hasLocalFiles(driver) && { localPath: (key: string) => driver.localPath(key) }),
  };
}

interface Ways {
  readonly call: <Result>(
    action: string,
    key: string,
    task: () => Promise<Result>,
  ) => Promise<Result>;
  readonly stream: <Item>(
    action: string,
    key: string,
    items: AsyncIterable<Item>,
  ) => AsyncIterable<Item>;
}

function interceptedStaging(staging: StagingArea, { call, stream }: Ways): StagingArea {
  return {
    create: (key, options) => call("staging.create", key, () => staging.create(key, options)),
    stat: (key, options) => call("staging.stat", key, () => staging.stat(key, options)),
    append: (key, bytes, options) =>
      call("staging.append", key, () => staging.append(key, bytes, options)),
    read: (key, options) => stream("staging.read", key, staging.read(key, options)),
    publish: (key, to, options) =>
      call("staging.publish", key, () => staging.publish(key, to, options)),
    discard: (key, options) => call("staging.discard", key, () => staging.discard(key, options)),
  };
}

/** Counts calls and fails one of them, once. */
export class FailNth {
  readonly #failing: number;
  #calls = 0;

  /** @param failing which call fails, counted from 1. */
  constructor(failing: number) {
    this.#failing = failing;
  }

  /** The call that was failed; `undefined` when there were not so many. */
  failed: DriverCall | undefined;

  readonly count = (call: DriverCall): void => {
    this.#calls += 1;
    if (this.#calls !== this.#failing) return;
    this.failed = call;
    throw new StorageUnavailable(`${call.action} ${call.key} failed`, { reason: "EIO" });
  };
}
