/** Whether an execution has room for what a plan lists: asked where there is one, and a person's own machine has none. */
import { runsInLambda } from '../shared/config.ts';
import { refuseCrowded } from '../shared/domain/execution-room.ts';

/**
 * @param events of the history that the plan would fill
 * @throws PortageError SYS012 where an execution of Step Functions would end before all of its entities had their turn
 */
export function refuseBeyondHistory(events: number, entities: number): void {
  if (runsInLambda()) refuseCrowded(events, entities);
}
