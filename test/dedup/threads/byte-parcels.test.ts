import { expect, test } from "vitest";
import { ByteParcels } from "../../../src/dedup/threads/byte-parcels.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";

test("parcels are full but for the last, and hold all bytes in order however they come", () => {
  const random = new SeededRandom(3);
  const bytes = Uint8Array.from({ length: 1000 }, () => random.below(256));
  for (let round = 0; round < 50; round++) {
    const parcels: Uint8Array[] = [];
    const gatherer = new ByteParcels((parcel) => parcels.push(parcel), 64);
    for (let at = 0; at < bytes.length;) {
      const piece = bytes.slice(at, at + random.lowBelow(300));
      gatherer.put(piece);
      at += piece.length;
      piece.fill(0);
    }
    gatherer.end();
    expect(parcels.map(({ length }) => length)).toEqual([...Array<number>(15).fill(64), 40]);
    expect(Buffer.concat(parcels).equals(bytes)).toBe(true);
  }
});

test("there is no parcel without bytes", () => {
  const parcels: Uint8Array[] = [];
  const gatherer = new ByteParcels((parcel) => parcels.push(parcel), 64);
  gatherer.end();
  gatherer.put(new Uint8Array(128));
  gatherer.end();
  expect(parcels).toHaveLength(2);
});

test("the first parcel is small, and the ones after it larger and larger, also after another beginning", () => {
  const parcels: number[] = [];
  const gatherer = new ByteParcels(({ length }) => parcels.push(length));
  for (let round = 0; round < 2; round++) {
    gatherer.begin();
    gatherer.put(new Uint8Array(1024 * 1024));
    gatherer.end();
  }
  const once = [16, 32, 64, 128, 256, 256, 256, 16].map((kib) => kib * 1024);
  expect(parcels).toEqual([...once, ...once]);
});
