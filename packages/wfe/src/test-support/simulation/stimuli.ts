import type { Errands } from "./errands.ts";
import type { Stimulus, StimulusAnswer } from "./simulated-program.ts";
import type { SimulatedWorld } from "./simulated-world.ts";

/** What happens to a program from outside, when it is time. */
export class Stimuli {
  readonly #world: SimulatedWorld;
  readonly #errands: Errands;
  readonly #said: Set<Stimulus>;
  readonly #answers: StimulusAnswer[];
  readonly #answered = new Set<string>();
  readonly #waiting = new Set<Stimulus>();
  /** Those that come again and again and are under way. */
  #repeating = 0;
  #isOver = false;

  /**
   * @param said - Where stimuli are put that have been said once.
   * @param answers - Where answers are put.
   */
  constructor(world: SimulatedWorld, errands: Errands, said: Set<Stimulus>, answers: StimulusAnswer[]) {
    this.#world = world;
    this.#errands = errands;
    this.#said = said;
    this.#answers = answers;
  }

  /** When the last one is due. */
  get lastMs(): number {
    return this.#world.program.stimuli.reduce((last, { atMs }) => Math.max(last, atMs), 0);
  }

  /** Whether each has been answered once. */
  get areAnswered(): boolean {
    return this.unanswered.length === 0;
  }

  /** Names of those without an answer. */
  get unanswered(): readonly string[] {
    return this.#world.program.stimuli.map((stimulus) => this.#nameOf(stimulus)).filter((name) => !this.#answered.has(name));
  }

  /** How many that repeat themselves are under way. */
  get repeating(): number {
    return this.#repeating;
  }

  /** Nothing repeats itself any more. */
  end(): void {
    this.#isOver = true;
  }

  /** Sets the timers of all. */
  begin(): void {
    const { scheduler, outside, program } = this.#world;
    for (const stimulus of program.stimuli) {
      scheduler.setTimer(outside, stimulus.atMs, () => this.#isDue(stimulus), `it is time for ${this.#nameOf(stimulus)}`);
    }
  }

  #isDue(stimulus: Stimulus): void {
    if (stimulus.after?.every((name) => this.#answered.has(name)) === false) this.#waiting.add(stimulus);
    else this.#say(stimulus);
  }

  #say(stimulus: Stimulus): void {
    this.#said.add(stimulus);
    const { everyMs } = stimulus;
    if (everyMs !== undefined) this.#repeating += 1;
    this.#errands.run(this.#nameOf(stimulus), stimulus.act, (end) => {
      if (everyMs !== undefined) this.#repeating -= 1;
      this.#answer(stimulus, { stimulus: this.#nameOf(stimulus), ...end });
      if (everyMs === undefined || this.#isOver) return;
      const { scheduler, outside } = this.#world;
      scheduler.setTimer(
        outside,
        everyMs,
        () => {
          if (!this.#isOver) this.#say(stimulus);
        },
        this.#nameOf(stimulus),
      );
    });
  }

  #answer(stimulus: Stimulus, answer: StimulusAnswer): void {
    const shown = "error" in answer ? String(answer.error) : JSON.stringify(answer.value);
    this.#world.scheduler.note(`outside: ${answer.stimulus} is answered: ${shown}`);
    this.#answers.push(answer);
    this.#answered.add(this.#nameOf(stimulus));
    for (const next of [...this.#waiting]) {
      if (!this.#waiting.has(next) || next.after?.every((name) => this.#answered.has(name)) === false) continue;
      this.#waiting.delete(next);
      this.#say(next);
    }
  }

  #nameOf(stimulus: Stimulus): string {
    return stimulus.name ?? `stimulus ${this.#world.program.stimuli.indexOf(stimulus)}`;
  }
}
