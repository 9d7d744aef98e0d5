/** What a CDK application of one's own imports: `marina-serverless/cdk`. */
export type { MarinaServiceProps } from "./config.ts";
export { MarinaService } from "./marina-service.ts";
