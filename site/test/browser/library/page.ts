import { train } from './train.ts';

const say = (id: string, value: unknown): void => {
  const element = document.createElement('pre');
  element.id = id;
  element.textContent = JSON.stringify(value);
  document.body.append(element);
};
if (new URLSearchParams(location.search).get('in') === 'worker') {
  const worker = new Worker('./worker.js', { type: 'module' });
  worker.onmessage = ({ data }) => say('outcome', data);
} else say('outcome', train());
