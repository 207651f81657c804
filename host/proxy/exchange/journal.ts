// Tells services what a session does, and waits until they have recorded it.
import type { JournalMark, JournalSession, SessionEvent } from '../../services/journal.js';
import type { Service } from '../../services/service.js';
import { SessionError } from '../error.js';
import type { Log } from '../log.js';
import { within } from '../streams/deadline.js';

type Keeper = Service & Required<Pick<Service, 'journal'>>;

interface Keeping {
  services: readonly Service[];
  limits: { serviceTimeout: number };
  log: Log;
}

export class Journal {
  private constructor(
    readonly session: JournalSession,
    private readonly keepers: readonly Keeper[],
    private readonly milliseconds: number,
    private readonly log: Log,
  ) {}

  /** Undefined where nobody keeps a record. */
  static of(session: JournalSession, { services, limits, log }: Keeping): Journal | undefined {
    const keepers = services.filter((service): service is Keeper => service.journal !== undefined);
    return keepers.length === 0 ? undefined : new Journal(session, keepers, limits.serviceTimeout, log);
  }

  /** Where the event stands in the record. Throws AUDIT_FAILED where it could not be recorded and has to be. */
  async record(event: SessionEvent): Promise<JournalMark | undefined> {
    let mark: JournalMark | undefined;
    for (const keeper of this.keepers) {
      try {
        const late = () => new Error(`no answer for ${this.milliseconds} ms`);
        mark =
          (await within((async () => keeper.journal(event, this.session))(), this.milliseconds, late)) ??
          mark;
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        const fields = { session: this.session.sessionId, service: keeper.name, event: event.kind, why };
        if (keeper.required !== true) {
          this.log.error(fields, 'NOT RECORDED: the session goes on without its record');
          continue;
        }
        this.log.error(fields, 'NOT RECORDED: the session is ended');
        throw unrecorded();
      }
    }
    return mark;
  }
}

/** What ends a session whose record is required, and fails. */
export const unrecorded = () =>
  new SessionError(
    'AUDIT_FAILED',
    "what happens can't be recorded, and this proxy does nothing unrecorded: its operator must look after it",
  );
