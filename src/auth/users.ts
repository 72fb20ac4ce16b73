/** Users and their passwords, as far as the rest of this folder needs to know them. */
export interface Users {
  /** Whether the password is this user's. Takes as long for a user that there is not. @throws {AuthUnavailable} */
  verify(name: string, password: string): Promise<boolean>;
  /**
   * Changes with every change of the user's password; `undefined` when there is no such user. At once, and
   * never older than the file: tokens are checked by it for every request.
   */
  fingerprint(name: string): string | undefined;
}
