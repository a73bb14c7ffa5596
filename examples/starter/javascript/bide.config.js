/** The job types of this project. The server runs them, and clients know their inputs from here. */
import { defineConfig } from 'bide/config';
import { z } from 'zod';

const config = defineConfig({
  types: {
    greet: {
      // What does not fit is refused at submit, with a sentence about each field.
      input: z.object({ name: z.string().min(1) }),
      run({ name }, context) {
        context.progress(50, 'thinking of something nice');
        return { greeting: `Hello, ${name}!` };
      },
    },
  },
});

export default config;
