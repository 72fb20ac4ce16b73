/** Users and their passwords, as far as the rest of this folder needs to know them. */
export interface Users {
  /**
   * Whether the password is this user's. Takes as long for a user that there is not.
   * @throws {AuthUnavailable} also when too many wait, of whom those at the same network are turned away first.
   */
  verify(name: string, password: string, from?: LoginOrigin): Promise<boolean>;
  /**
   * Changes with every change of the user's password; `undefined` when there is no such user. At once, and
   * never older than the file: tokens are checked by it for every request. @throws {AuthUnavailable}
   */
  fingerprint(name: string): string | undefined;
}

/** From where somebody logs in. */
export interface LoginOrigin {
  /** Without a port. */
  readonly address?: string | undefined;
}
