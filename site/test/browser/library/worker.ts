import { train } from './train.ts';

self.postMessage(train());
