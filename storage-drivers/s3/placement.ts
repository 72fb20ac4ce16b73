import { ObjectCannedACL, StorageClass } from "@aws-sdk/client-s3";
import { StorageUnavailable } from "../../src/storage/errors.ts";
import type { S3Settings } from "./s3-settings.ts";

/** What every request that makes an object says about it. */
export interface Placement {
  readonly ContentType: "application/octet-stream";
  readonly ServerSideEncryption?: "AES256" | "aws:kms";
  readonly SSEKMSKeyId?: string;
  readonly StorageClass?: StorageClass;
  readonly ACL?: ObjectCannedACL;
}

/** @throws {StorageUnavailable} when the storage class or the ACL is none that S3 knows. */
export function placementOf(settings: S3Settings): Placement {
  const { encrypt, keyId, storageClass, objectAcl } = settings;
  return {
    ContentType: "application/octet-stream",
    ...(encrypt && { ServerSideEncryption: keyId === undefined ? "AES256" : "aws:kms" }),
    ...(encrypt && keyId !== undefined && { SSEKMSKeyId: keyId }),
    ...(storageClass !== undefined && {
      StorageClass: oneOf("storageclass", storageClass, Object.values(StorageClass)),
    }),
    ...(objectAcl !== undefined && {
      ACL: oneOf("objectacl", objectAcl, Object.values(ObjectCannedACL)),
    }),
  };
}

/** For working files: they live for minutes, and the cheaper classes are paid for by the month. */
export function workingPlacement({ StorageClass: _class, ...rest }: Placement): Placement {
  return rest;
}

function oneOf<Value extends string>(
  setting: string,
  text: string,
  known: readonly Value[],
): Value {
  const found = known.find((value) => value === text);
  if (found !== undefined) return found;
  throw new StorageUnavailable(`storage.s3.${setting}: ${text} is none of ${known.join(", ")}`, {
    reason: "InvalidSetting",
  });
}
