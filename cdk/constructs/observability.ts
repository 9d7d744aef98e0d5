/** What an operator looks at, and what calls for one: a dashboard and alarms. */
import { Duration } from "aws-cdk-lib";
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IAlarmAction,
  type IMetric,
  Metric,
  Stats,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { Topic } from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";
import { METRICS_NAMESPACE, RoundMetric } from "../../shared/protocol/index.ts";
import type { Parameters } from "../config.ts";
import type { Lane } from "./queue-with-dead-letters.ts";

export interface Observed {
  readonly tasks: Lane;
  readonly control: Lane;
  readonly worker: IFunction;
  readonly aggregator: IFunction;
}

const MINUTE = Duration.minutes(1);

export class Observability extends Construct {
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, { stackName, alarmTopicArn }: Parameters, observed: Observed) {
    super(scope, id);
    this.alarms = this.#alarms(observed);
    if (alarmTopicArn !== undefined) {
      const action: IAlarmAction = new SnsAction(Topic.fromTopicArn(this, "AlarmTopic", alarmTopicArn));
      for (const alarm of this.alarms) alarm.addAlarmAction(action);
    }
    this.#dashboard(stackName, observed);
  }

  #alarms({ tasks, control, worker, aggregator }: Observed): Alarm[] {
    const moreThanZero = (name: string, metric: IMetric, alarmDescription: string): Alarm =>
      new Alarm(this, name, {
        metric,
        alarmDescription,
        threshold: 0,
        evaluationPeriods: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
    const statistic = { statistic: Stats.SUM, period: Duration.minutes(5) };
    const waiting = { statistic: Stats.MAXIMUM, period: MINUTE };
    return [
      moreThanZero(
        "TaskDeadLetters",
        tasks.deadLetters.metricApproximateNumberOfMessagesVisible(waiting),
        "Tasks that no worker could handle, five times over: look into the worker's log.",
      ),
      moreThanZero(
        "ControlDeadLetters",
        control.deadLetters.metricApproximateNumberOfMessagesVisible(waiting),
        "A run that no aggregator could drive, five times over: look into the aggregator's log. `marina resume` goes on with it.",
      ),
      moreThanZero(
        "WorkerErrors",
        worker.metricErrors(statistic),
        "Invocations of the worker that threw or ran out of time. Runs go on, but failures slow the task queue down.",
      ),
      moreThanZero(
        "AggregatorErrors",
        aggregator.metricErrors(statistic),
        "Tenures that threw or ran out of time. A successor takes over within a minute.",
      ),
      moreThanZero(
        "AggregatorThrottles",
        aggregator.metricThrottles(statistic),
        "More runs at one time than the account's concurrency allows: start fewer, or raise its quota and deploy with it (accountConcurrency).",
      ),
    ];
  }

  #dashboard(stackName: string, { tasks, control, worker, aggregator }: Observed): void {
    const round = (metricName: string, statistic: string, label: string): Metric =>
      new Metric({
        namespace: METRICS_NAMESPACE,
        metricName,
        dimensionsMap: { service: stackName },
        statistic,
        label,
        period: MINUTE,
      });
    const graph = (title: string, left: IMetric[], unit: string): GraphWidget =>
      new GraphWidget({
        title,
        left,
        leftYAxis: { min: 0, label: unit, showUnits: false },
        width: 8,
        height: 6,
      });
    const sum = { statistic: Stats.SUM, period: MINUTE };
    new Dashboard(this, "Dashboard", {
      dashboardName: stackName,
      widgets: [
        [
          graph("Rounds", [round(RoundMetric.rounds, Stats.SUM, "all runs")], "a minute"),
          graph(
            "Time of a round",
            [
              round(RoundMetric.milliseconds, Stats.p(50), "p50"),
              round(RoundMetric.milliseconds, Stats.p(99), "p99"),
            ],
            "ms",
          ),
          graph("Price of a round", [round(RoundMetric.usd, Stats.AVERAGE, "mean")], "US dollars, estimated"),
        ],
        [
          graph(
            "Tasks sent again, messages dropped",
            [
              round(RoundMetric.resent, Stats.SUM, "sent again"),
              round(RoundMetric.hedged, Stats.SUM, "of these, because others were quicker"),
              round(RoundMetric.dropped, Stats.SUM, "contributions that counted for nothing"),
            ],
            "a minute",
          ),
          graph(
            "Functions at work",
            [
              worker.metric("ConcurrentExecutions", {
                statistic: Stats.MAXIMUM,
                period: MINUTE,
                label: "workers",
              }),
              aggregator.metric("ConcurrentExecutions", {
                statistic: Stats.MAXIMUM,
                period: MINUTE,
                label: "aggregators",
              }),
            ],
            "at one time",
          ),
          graph(
            "Time of a task",
            [
              worker.metricDuration({ statistic: Stats.p(50), period: MINUTE, label: "p50" }),
              worker.metricDuration({ statistic: Stats.p(99), period: MINUTE, label: "p99" }),
            ],
            "ms",
          ),
        ],
        [
          graph(
            "Errors",
            [
              worker.metricErrors({ ...sum, label: "worker" }),
              aggregator.metricErrors({ ...sum, label: "aggregator" }),
              worker.metricThrottles({ ...sum, label: "worker, throttled" }),
              aggregator.metricThrottles({ ...sum, label: "aggregator, throttled" }),
            ],
            "a minute",
          ),
          graph(
            "Messages waiting",
            [
              tasks.queue.metricApproximateNumberOfMessagesVisible({ period: MINUTE, label: "tasks" }),
              control.queue.metricApproximateNumberOfMessagesVisible({ period: MINUTE, label: "control" }),
            ],
            "messages",
          ),
          graph(
            "Dead letters",
            [
              tasks.deadLetters.metricApproximateNumberOfMessagesVisible({ period: MINUTE, label: "tasks" }),
              control.deadLetters.metricApproximateNumberOfMessagesVisible({
                period: MINUTE,
                label: "control",
              }),
            ],
            "messages",
          ),
        ],
      ],
    });
  }
}
