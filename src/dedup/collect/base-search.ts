import type { PlacedFrame } from "../../chunks/packs/pack-directory.ts";
import type { FramePlace } from "../store/pack-store.ts";
import { ChunkSet } from "./chunk-set.ts";
import { liveChunksOf } from "./judge-pack.ts";
import type { PackSurvey, SurveyedPack } from "./pack-survey.ts";

/** Finds what frames with live chunks lean on: that is needed as well. */
export class BaseSearch {
  readonly bases = new ChunkSet();
  /** Live frames that are damaged, so that nobody can tell what they lean on. */
  readonly damaged: FramePlace[] = [];
  readonly #survey: PackSurvey;
  readonly #live: ChunkSet;
  readonly #followed = new Set<string>();
  #hasGrown = true;

  /** @param live grows. */
  constructor(survey: PackSurvey, live: ChunkSet) {
    this.#survey = survey;
    this.#live = live;
  }

  /** Until nothing is missing: what a frame leans on may lie in a frame that leans on others. @throws {StorageError} */
  async run(): Promise<void> {
    let names = this.#survey.names;
    while (this.#hasGrown) {
      this.#hasGrown = false;
      const withDeltas: string[] = [];
      for await (const pack of this.#survey.each(names)) {
        if (await this.#follow(pack)) withDeltas.push(pack.name);
      }
      names = withDeltas;
    }
  }

  /** @returns whether there are any frames in it that lean on others. */
  async #follow({ name, frames }: SurveyedPack): Promise<boolean> {
    const deltas = frames.filter(({ depth }) => depth > 0);
    for (const frame of deltas) {
      const place = `${name}-${frame.at}`;
      if (this.#followed.has(place) || liveChunksOf(frame, this.#live).length === 0) continue;
      this.#followed.add(place);
      await this.#addBasesOf(name, frame);
    }
    return deltas.length > 0;
  }

  async #addBasesOf(pack: string, frame: PlacedFrame): Promise<void> {
    const ids = await this.#survey.dictionaryOf(pack, frame);
    if (ids === undefined) this.damaged.push({ pack, at: frame.at });
    for (const id of ids ?? []) {
      this.bases.add(id);
      this.#hasGrown = this.#live.add(id) || this.#hasGrown;
    }
  }
}
