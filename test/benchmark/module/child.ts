import type { Job } from './job.js';
import { tasks } from './tasks.js';

/** One sample in a process of its own. */
const job = JSON.parse(process.argv[2]!) as Job;
const figures = await tasks[job.task](job);
process.send!(figures, () => process.exit(0));
