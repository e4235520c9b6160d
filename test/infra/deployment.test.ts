// All tests of what deploys, in one file: CDK is loaded, and each environment synthesised, once for all of them.
import './templates.ts';
import './snapshots.ts';
import './network.ts';
import './nag.ts';
import './scheduler.ts';
import './definitions.ts';
import './ledger.ts';
import './watch.ts';
import './sizes.ts';
import './permissions.ts';
