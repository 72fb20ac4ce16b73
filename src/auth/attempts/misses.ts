import type { Shown } from "../access.ts";
import { CredentialsRefused } from "../errors.ts";
import type { AttemptGuard } from "../logins.ts";
import { hasEnded } from "../tokens/own-tokens.ts";

/**
 * Reads credentials, and counts against their address those that are none: out of shape, forged, another's. Not
 * tokens of ours that have ended, for every client shows one of those from time to time.
 * @throws what `read` throws; {TooManyAttempts} in its place when there were too many.
 */
export async function countingMisses<Found>(
  { attempts, shown }: { readonly attempts: AttemptGuard; readonly shown: Pick<Shown, "address"> },
  read: () => Found | Promise<Found>,
): Promise<Found> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof CredentialsRefused && !hasEnded(error)) attempts.miss(shown.address);
    throw error;
  }
}
