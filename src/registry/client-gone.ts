/** The client closed the connection before it had its answer. */
export class ClientGone extends Error {
  readonly kind = "ClientGone";
  constructor() {
    super("the client closed the connection");
  }
}
