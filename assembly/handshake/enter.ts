// From state to state, as the table of sequences has it.
import { ErrorCode } from "../alert";
import { Connection } from "./connection";
import { sequenceLeads } from "./sequence";

/**
 * Enters the state that follows the message under way. 0, or Internal where no row of the table leads there: no peer can make
 * that happen, and a fault of ours then ends the connection instead of going on in a state that was never meant.
 */
export function enter(c: Connection, next: i32): i32 {
  if (!sequenceLeads(c.state, c.incoming, next)) return ErrorCode.Internal;
  c.state = next;
  return 0;
}
