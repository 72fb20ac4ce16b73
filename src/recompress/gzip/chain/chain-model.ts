import type { ColumnReader, ColumnWriter } from "../../columns.ts";
import type { Framing } from "../framing.ts";
import type {
  GnuBlockRule,
  TokenModel,
  TokenPredictor,
  TokenProducer,
  TokenRestart,
  TreeRule,
} from "../token-model.ts";
import type { ChainEngine } from "./chain-engine.ts";
import { ChainPredictor } from "./chain-predictor.ts";
import type { EnginePool } from "./chain-predictor.ts";
import { ChainProducer } from "./chain-producer.ts";
import { fromTokenRestart } from "./chain-restart.ts";

/** More idle engines than this are dropped: a predictor, and a shadow that proves its restarts. */
const MOST_IDLE = 2;

/** What sets one hash-chain model apart from the others. */
export interface ChainModelOptions {
  readonly framing: Framing;
  readonly treeRules: readonly TreeRule[];
  readonly blockRule?: GnuBlockRule | undefined;
  /** Makes an engine with its window. */
  readonly createEngine: () => ChainEngine;
}

/** The model of an encoder that finds matches by hash chains. Its engines are used again member by member. */
export class ChainModel implements TokenModel, EnginePool {
  readonly sizeUnit = "tokens";
  readonly treeRules: readonly TreeRule[];
  readonly blockRule: GnuBlockRule | undefined;
  readonly #framing: Framing;
  readonly #createEngine: () => ChainEngine;
  readonly #idle: ChainEngine[] = [];

  constructor(options: ChainModelOptions) {
    this.treeRules = options.treeRules;
    this.blockRule = options.blockRule;
    this.#framing = options.framing;
    this.#createEngine = options.createEngine;
  }

  acquire(): ChainEngine {
    return this.#idle.pop() ?? this.#createEngine();
  }

  release(engine: ChainEngine): void {
    if (this.#idle.length < MOST_IDLE) this.#idle.push(engine);
  }

  predictor(corrections: ColumnWriter): TokenPredictor {
    return new ChainPredictor(this, this.#framing, corrections);
  }

  producer(corrections: ColumnReader, restart?: TokenRestart): TokenProducer {
    return new ChainProducer(this, this.#framing, {
      column: corrections,
      restart: restart === undefined ? undefined : fromTokenRestart(restart),
    });
  }
}
