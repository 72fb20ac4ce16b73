import { z } from "zod";
import type { StorageConfig, StorageDriverConfig, UploadPurgingConfig } from "./config.ts";
import { EVEN_IF_PARTS_ARE_WRONG, flag, optionalDuration, parameterCount, text } from "./leaves.ts";
import { nearest } from "./nearest.ts";
import { ALIAS_OF, SHORTHAND } from "./schema-marks.ts";
import { s3Schema, toS3Config } from "./storage-s3.ts";

/** Keys of `storage:` that are no drivers. */
const BESIDE_DRIVERS: ReadonlySet<string> = new Set([
  "cache",
  "delete",
  "maintenance",
  "redirect",
  "tag",
]);

const DRIVERS = ["filesystem", "inmemory", "s3", "s3aws"] as const;

const HOUR_MS = 3_600_000;

const USUAL_TAG_CONCURRENCY = 8;

/** The reference raises smaller numbers to this one. */
const LEAST_THREADS = 25;

const filesystemSchema = z
  .object({
    rootdirectory: z
      .string()
      .default("/var/lib/registry")
      .describe("Directory below which everything is kept."),
    maxthreads: parameterCount({ preset: 100, min: 0, max: 100_000 }).describe(
      "File operations at the same time. Less than 25 are the same as 25.",
    ),
  })
  .optional()
  .describe("Keeps everything below a directory.");

const uploadPurgingSchema = z
  .object({
    enabled: flag(true).describe("Whether old unfinished uploads are removed."),
    age: optionalDuration().describe(
      "Age from which an unfinished upload is removed. Default: 168h.",
    ),
    interval: optionalDuration().describe("Time between two runs. Default: 24h."),
    dryrun: z
      .boolean()
      .optional()
      .describe("Only says in the log what would be removed. Default: false."),
  })
  .superRefine((purging, context) => {
    if (!purging.enabled) return;
    for (const key of ["age", "interval", "dryrun"] as const) {
      if (purging[key] !== undefined) continue;
      const message =
        "is missing: where uploadpurging is given, age, interval and dryrun must all be (or enabled: false); leave uploadpurging out for 168h, 24h and false";
      context.addIssue({ code: "custom", path: [key], message });
    }
  }, EVEN_IF_PARTS_ARE_WRONG)
  .optional()
  .describe(
    "Removal of unfinished uploads. Where it is given, `age`, `interval` and `dryrun` must all be, unless `enabled` is false.",
  );

const maintenanceSchema = z
  .object({
    uploadpurging: uploadPurgingSchema,
    readonly: z
      .object({ enabled: flag(false).describe("Whether nothing may be written.") })
      .prefault({})
      .describe("Read-only mode."),
  })
  .prefault({})
  .describe("Upkeep of the store.");

const cacheSchema = z
  .object({
    blobdescriptor: text().describe(
      "Not needed: presence is always verified on the store. `redis` is not carried out.",
    ),
    layerinfo: text().describe("Old name of `blobdescriptor`."),
    blobdescriptorsize: z.int().optional().describe("Not needed: there is no such cache."),
  })
  .optional()
  .describe("Cache of the reference for descriptors of blobs.");

/** `storage:` */
export const storageSchema = z
  .object({
    filesystem: filesystemSchema,
    inmemory: z.object({}).optional().describe("Keeps everything in memory, for tests."),
    s3: s3Schema,
    s3aws: s3Schema.meta({ [ALIAS_OF]: "storage.s3" }),
    delete: z
      .object({ enabled: flag(false).describe("Whether manifests and blobs may be deleted.") })
      .prefault({})
      .describe("Deletion through the API."),
    redirect: z
      .object({
        disable: flag(false).describe("Serves blobs itself in place of redirects to the store."),
      })
      .prefault({})
      .describe("Redirects of blobs to the store, where the driver can."),
    cache: cacheSchema,
    maintenance: maintenanceSchema,
    tag: z
      .object({
        concurrencylimit: z
          .int()
          .min(0)
          .default(USUAL_TAG_CONCURRENCY)
          .describe(
            "Tags looked up at the same time when a manifest is deleted. 0 is the same as 8.",
          ),
      })
      .prefault({})
      .describe("Work with tags."),
  })
  .catchall(z.unknown())
  .superRefine((storage, context) => {
    for (const { path, message } of driverProblems(Object.keys(storage))) {
      context.addIssue({ code: "custom", path, message });
    }
  }, EVEN_IF_PARTS_ARE_WRONG)
  .prefault({})
  .describe("Where the registry keeps its data: exactly one driver, and how it is used.")
  .meta({ [SHORTHAND]: true });

type StorageSection = z.output<typeof storageSchema>;

interface Found {
  readonly path: string[];
  readonly message: string;
}

function driverProblems(keys: readonly string[]): readonly Found[] {
  const drivers = keys.filter((key) => !BESIDE_DRIVERS.has(key));
  if (drivers.length === 0) {
    return [{ path: [], message: `names no driver: write one of ${DRIVERS.join(", ")}` }];
  }
  const problems = drivers.flatMap((driver) => unknownDriver(driver) ?? []);
  if (drivers.length > 1) {
    const message = `names more than one driver (${drivers.join(", ")}); leave exactly one. REGISTRY_STORAGE=NAME replaces the whole section`;
    return [{ path: [], message }, ...problems];
  }
  return problems;
}

function unknownDriver(driver: string): Found | undefined {
  if (DRIVERS.some((known) => known === driver)) return undefined;
  const meant = nearest(driver, [...DRIVERS, ...BESIDE_DRIVERS]);
  const hint = meant === undefined ? "" : `; did you mean "storage.${meant}"?`;
  const message = `is not a storage driver of this version (${DRIVERS.join(", ")})${hint}`;
  return { path: [driver], message };
}

/**
 * @param uploads `barge.uploads`.
 * @returns `undefined` when there is not exactly one driver, which the schema has found before.
 */
export function toStorageConfig(
  storage: StorageSection,
  uploads: { readonly directwrites: boolean },
): StorageConfig | undefined {
  const driver = toDriverConfig(storage, uploads);
  if (driver === undefined) return undefined;
  const { uploadpurging, readonly } = storage.maintenance;
  return {
    driver,
    deleteEnabled: storage.delete.enabled,
    redirect: !storage.redirect.disable,
    readOnly: readonly.enabled,
    uploadPurging: toUploadPurging(uploadpurging),
    tagConcurrency: storage.tag.concurrencylimit || USUAL_TAG_CONCURRENCY,
  };
}

function toUploadPurging(purging: z.output<typeof uploadPurgingSchema>): UploadPurgingConfig {
  return {
    enabled: purging?.enabled ?? true,
    ageMs: purging?.age ?? 168 * HOUR_MS,
    intervalMs: purging?.interval ?? 24 * HOUR_MS,
    dryRun: purging?.dryrun ?? false,
  };
}

function toDriverConfig(
  storage: StorageSection,
  { directwrites: directWrites }: { readonly directwrites: boolean },
): StorageDriverConfig | undefined {
  if (storage.filesystem !== undefined) {
    const { rootdirectory, maxthreads } = storage.filesystem;
    return {
      name: "filesystem",
      rootDirectory: rootdirectory,
      maxThreads: Math.max(LEAST_THREADS, maxthreads),
      directWrites,
    };
  }
  const s3 = storage.s3 ?? storage.s3aws;
  if (s3 !== undefined) return toS3Config(s3);
  return storage.inmemory === undefined ? undefined : { name: "inmemory" };
}
