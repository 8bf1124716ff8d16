/**
 * The subjects of a fleet, and the names in its messages' headers. Each worker has its own, so that a
 * server can be told what its credentials may do: publish `trawl.FLEET.from.WORKER` and
 * `trawl.FLEET.ask.WORKER`, subscribe to `trawl.FLEET.lead` and `trawl.FLEET.to.WORKER.>`.
 */

/** One token of a subject, and a part of a stream's name. */
const TOKEN = /^[A-Za-z0-9_-]{1,64}$/;

export const HEADERS = {
  /** Which session a piece belongs to. */
  session: 'Trawl-Session',
  /** The piece's number in its session and direction, from 0; with a + where its frame goes on in the next. */
  piece: 'Trawl-Piece',
  /** How many pieces were sent so far: whoever has fewer has lost one. */
  sent: 'Trawl-Sent',
  /** That the worker has a token (session-proof.ts). */
  proof: 'Trawl-Proof',
  /** The session is over, and why. */
  end: 'Trawl-End',
} as const;

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

export class Subjects {
  readonly fleet: string;
  /** Of the stream that carries what workers say. */
  readonly stream: string;
  /** Where the leading coordinator lets itself be heard. */
  readonly lead: string;
  readonly fromAnyone: string;
  readonly askedByAnyone: string;

  /** Throws RangeError for a fleet that is no token. */
  constructor(fleet: string) {
    if (!isToken(fleet)) throw new RangeError(`the fleet "${fleet}" is no token of letters, digits, _ and -`);
    this.fleet = fleet;
    this.stream = `TRAWL_${fleet}`;
    this.lead = `trawl.${fleet}.lead`;
    this.fromAnyone = `trawl.${fleet}.from.*`;
    this.askedByAnyone = `trawl.${fleet}.ask.*`;
  }

  from(worker: string): string {
    return `trawl.${this.fleet}.from.${worker}`;
  }

  ask(worker: string): string {
    return `trawl.${this.fleet}.ask.${worker}`;
  }

  to(worker: string, session: string): string {
    return `trawl.${this.fleet}.to.${worker}.${session}`;
  }

  /** What the server answers to a worker comes to its own subjects too, where nobody else listens. */
  inbox(worker: string): string {
    return `trawl.${this.fleet}.to.${worker}.inbox`;
  }

  /** Whom `from` or `ask` names. */
  static workerOf(subject: string): string {
    return subject.slice(subject.lastIndexOf('.') + 1);
  }
}

/**
 * Who leads: the leader's epoch, and a name that is new each time it begins to listen. A session's
 * name begins with that of the reign which granted it, so that nobody takes it for one of his own.
 */
export function reignName(epoch: number, begun: string): string {
  return `${epoch}-${begun}`;
}

const SESSION = /^(\d+)-([A-Za-z0-9_]{1,64})-\d+$/;
const REIGN = /^(\d+)-[A-Za-z0-9_]{1,64}$/;

export function sessionName(reign: string, number: number): string {
  return `${reign}-${number}`;
}

/** The reign that granted a session; null for what is no session's name. */
export function reignOf(session: string): string | null {
  const match = SESSION.exec(session);
  return match === null ? null : `${match[1]}-${match[2]}`;
}

/** The leader's epoch in a reign's name; null for what is no such name. */
export function epochOf(reign: string): number | null {
  const match = REIGN.exec(reign);
  return match === null ? null : Number(match[1]);
}
