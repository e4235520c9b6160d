// Unpacks the Chromium of the npm package into the folder for temporary files, and says where it is: a program of its own,
// since the package looks for its folder, and for whether to bring its libraries, in the environment of the process.
import chromium from '@sparticuz/chromium';

chromium.setGraphicsMode = false;
process.stdout.write(await chromium.executablePath());
