import { fileURLToPath } from 'node:url';
import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import fp from 'fastify-plugin';
import { createInference, type Inference } from '#inference';

declare module 'fastify' {
  interface FastifyInstance {
    /** The models: threads that stay warm. `segmenter` weights lie in `<dataDir>/models`. */
    inference: Inference;
  }
}

/** `app.inference`: YOLO predictions and masks, in worker threads. */
export default fp(async (app) => {
  const modelsDir = join(app.config.dataDir, 'models');
  await mkdir(modelsDir, { recursive: true });
  const spark = fileURLToPath(new URL('../../models/spark.onnx', import.meta.url));
  const sparkPath = await access(spark).then(() => spark, () => null);
  const inference = createInference({
    modelsDir, sparkPath, embeddingsDir: join(app.config.dataDir, 'embeddings'), predictThreads: app.config.inferenceThreads, predictSeconds: app.config.predictSeconds, embeddingBytes: app.config.embeddingBytes,
    onError: (trace) => { app.log.error({ trace }, 'a model worker failed'); },
    onAttempts: (lane, attempts) => { app.log.info(`models of the lane ${lane} run on ${attempts.find(({ ok }) => ok)?.provider ?? 'nothing'} (${attempts.map(({ provider, reason }) => `${provider}: ${reason}`).join('; ')})`); },
  });
  app.decorate('inference', inference);
  app.addHook('onClose', async () => { await inference.close(); });
}, { name: 'inference' });
