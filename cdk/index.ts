/** What a CDK application of one's own imports: `marina-serverless/cdk`. */
export { MarinaService, type MarinaServiceProps } from "./service.ts";
