import { expect, it } from "vitest";
import { printFailure } from "../../src/cli/failure.ts";

class Expected extends Error {
  readonly kind = "Expected";
}

function printed(error: unknown): string {
  let text = "";
  const stderr = (piece: string): void => {
    text += piece;
  };
  printFailure(error, { stderr, stdout: () => undefined, environment: {} });
  return text;
}

it("printFailure does not repeat a cause that the message tells already", () => {
  const cause = new Error("listen EADDRINUSE: address already in use");
  const error = new Expected(`cannot listen on :5000: ${cause.message}`, { cause });
  expect(printed(error)).toBe(
    "barge: cannot listen on :5000: listen EADDRINUSE: address already in use\n",
  );
});

it("printFailure tells every cause that says something new, also behind one that does not", () => {
  const root = new Error("the disk is gone");
  const middle = new Error("reading failed", { cause: root });
  const again = new Error("reading failed", { cause: middle });
  expect(printed(new Expected("cannot start", { cause: again }))).toBe(
    "barge: cannot start\n  because: reading failed\n  because: the disk is gone\n",
  );
});

it("printFailure tells the code of a cause that has no text", () => {
  const cause = Object.assign(new AggregateError([], ""), { code: "ECONNREFUSED" });
  expect(printed(new Expected("cannot reach the store", { cause }))).toBe(
    "barge: cannot reach the store\n  because: ECONNREFUSED\n",
  );
});

it("printFailure shows the stack of an error that nobody expected", () => {
  expect(printed(new TypeError("a bug"))).toMatch(/^barge: TypeError: a bug\n +at /);
});

it("printFailure lets no name steer a terminal, and keeps the lines of a message", () => {
  const cause = new Error("\u009b2J\u202e");
  const text = printed(new Expected("\u001b[2Jno such file\r\n\tnor another", { cause }));
  expect(text).toBe("barge: ?[2Jno such file?\n\tnor another\n  because: ?2J?\n");
});
