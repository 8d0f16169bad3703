import { placeholder } from '@x/node-adapter';

console.log(placeholder);
