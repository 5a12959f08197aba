import { isWfeError, TERMINATE_COMMAND } from "wfe-core";
import { claimMs } from "./claim-time.ts";
import { type HostServices, warn } from "./host-services.ts";
import type { WorkflowCommands } from "./workflow-commands.ts";

const COMMANDS_PER_ROUND = 100;

/** Carries out the commands that commits owe to other instances. */
export class CommandConsumer {
  readonly #services: HostServices;
  readonly #commands: Pick<WorkflowCommands, "terminate">;
  #isWanted = false;
  #running: Promise<void> | undefined;

  constructor(services: HostServices, commands: Pick<WorkflowCommands, "terminate">) {
    this.#services = services;
    this.#commands = commands;
  }

  /** Carries out what is due soon. Returns at once; if it fails, the sweep finds the commands. */
  soon(): void {
    this.#isWanted = true;
    this.#running ??= new Promise<void>((resolve) => this.#services.clock.defer(resolve)).then(() => this.#rounds());
  }

  /** Resolves when what was wanted is done, or has failed. */
  async settled(): Promise<void> {
    await this.#running;
  }

  /** Carries out what is due. */
  async process(): Promise<void> {
    const { persistence, clock, options } = this.#services;
    for (let handled = COMMANDS_PER_ROUND; handled === COMMANDS_PER_ROUND; ) {
      const now = clock.now();
      const claimUntil = new Date(now + claimMs(options));
      handled = await persistence.processCommands(new Date(now), { limit: COMMANDS_PER_ROUND, claimUntil }, (command) =>
        this.#carryOut(command.name, command.data),
      );
    }
  }

  async #rounds(): Promise<void> {
    try {
      while (this.#isWanted) {
        this.#isWanted = false;
        await this.process();
      }
    } catch (error) {
      warn(this.#services, "commands to other workflows could not be carried out; the sweep does it", error);
    } finally {
      this.#running = undefined;
    }
  }

  async #carryOut(name: string, id: string): Promise<void> {
    try {
      if (name !== TERMINATE_COMMAND) throw new Error(`this version of wfe does not know the command ${JSON.stringify(name)}`);
      await this.#commands.terminate(id);
    } catch (error) {
      if (isWfeError(error, "WFE_WORKFLOW_NOT_FOUND")) return; // removed since
      warn(this.#services, `the command ${name} to the workflow ${id} has failed; it is tried again`, error);
      throw error;
    }
  }
}
