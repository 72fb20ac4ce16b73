import { expect, it } from "vitest";
import { parseChallenges } from "../../src/client/challenge.ts";

function parsed(header: string | undefined): readonly unknown[] {
  return parseChallenges(header).map(({ scheme, parameters }) => [
    scheme,
    Object.fromEntries(parameters),
  ]);
}

it.each([
  [undefined, []],
  ["", []],
  ['Basic realm="Registry"', [["basic", { realm: "Registry" }]]],
  [
    'Bearer realm="https://auth.example/token",service="reg",scope="a:b:pull,push c:d:pull"',
    [
      [
        "bearer",
        { realm: "https://auth.example/token", service: "reg", scope: "a:b:pull,push c:d:pull" },
      ],
    ],
  ],
  [
    'Bearer realm="r" , error=invalid_token, Basic Realm = "x \\"y\\""',
    [
      ["bearer", { realm: "r", error: "invalid_token" }],
      ["basic", { realm: 'x "y"' }],
    ],
  ],
  [
    "Negotiate, Basic realm=x",
    [
      ["negotiate", {}],
      ["basic", { realm: "x" }],
    ],
  ],
  ['realm="nothing before it"', []],
])("parseChallenges(%j) is %j", (header, wanted) => {
  expect(parsed(header)).toEqual(wanted);
});

it("parseChallenges() of a long text that never ends takes no longer than its length", () => {
  expect(parseChallenges(`Bearer realm="${'\\"'.repeat(50_000)}`)).toHaveLength(1);
});
