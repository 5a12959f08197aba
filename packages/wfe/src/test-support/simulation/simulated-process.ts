/** Something that can go on. */
export interface ScheduledTask {
  readonly process: SimulatedProcess;
  readonly label: string;
  readonly run: () => void;
  /** The process that is waiting for it, where it belongs to another one: a request under way. */
  readonly from?: SimulatedProcess | undefined;
  isCancelled: boolean;
}

/** A process of a simulation, as the scheduler sees it: a host, the server that has the stores, or the network between them. */
export class SimulatedProcess {
  readonly name: string;
  /** Its timers that have come due and its deferred tasks, in the order in which an event loop takes them. */
  readonly due: ScheduledTask[] = [];
  /** Stopped in its tracks, as by SIGSTOP; what is for it waits. */
  isFrozen = false;
  /** Of one that was asked to stop in order: until when it lets bodies finish, in virtual time. From then on one failure of a store is enough for it. */
  drainsUntilMs: number | undefined;
  /** Ends its connections when it is gone. */
  readonly connections: AbortController = new AbortController();
  /** Dead, as by SIGKILL: nothing of it ever goes on. */
  isGone = false;

  constructor(name: string) {
    this.name = name;
  }
}
