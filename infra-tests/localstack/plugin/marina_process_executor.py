"""LocalStack Lambda executor that runs each execution environment as a local process, without Docker.

LocalStack's own executor starts a container per environment; this one starts a process that speaks the
Lambda Runtime API (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html) with a small HTTP server
here, one an environment, on the loopback interface. Everything else (invocation, event source mappings,
logs, concurrency) stays LocalStack's. A second part, apply_patches, keeps the gateway on the loopback
interface and lets an SQS event source mapping handle several batches at once, as AWS does.

To install it, put this folder on PYTHONPATH: the dist-info beside this file declares the entry points.
For LocalStack 4.14.0; its plugin interface is localstack.services.lambda_.invocation.runtime_executor.

LAMBDA_RUNTIME_EXECUTOR=process      selects it
LAMBDA_PROCESS_COMMAND               the runtime, as a JSON array of program and arguments; run in the folder
                                     of the function's code with AWS_LAMBDA_RUNTIME_API and _HANDLER set
LAMBDA_PROCESS_MAPPING_CONCURRENCY   batches of one mapping handled at once (default 5, as AWS begins with; a
                                     mapping's MaximumConcurrency lowers it); 0 leaves LocalStack's mapping,
                                     which handles one batch after the other, as it is
"""

import functools
import json
import logging
import os
import queue
import shutil
import subprocess
import tempfile
import threading
import time
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from localstack.runtime import hooks
from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import LambdaRuntimeException, RuntimeExecutor

LOG = logging.getLogger(__name__)
API = "/2018-06-01/runtime/"
MAPPING_CONCURRENCY = int(os.environ.get("LAMBDA_PROCESS_MAPPING_CONCURRENCY") or 5)
# Of LocalStack's own environment a function sees only these.
KEPT_VARIABLES = ("PATH", "HOME", "LANG")


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    name = "process"

    def load(self, *args, **kwargs):
        return ProcessExecutor


class Runtime:
    """One process of an environment and what it is asked: a new one after every crash or time-out."""

    def __init__(self, command: list[str], environment: dict[str, str], folder: str, log: Path):
        self.pending: queue.Queue[dict] = queue.Queue()
        self.ready: Future = Future()  # resolves at the first request for an invocation
        self.current: tuple[str, Future] | None = None  # request id, (body, is_error)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), RuntimeApi)
        self.server.daemon_threads = True
        self.server.runtime = self
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True).start()
        api = {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.server.server_port}"}
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command, cwd=folder, env=environment | api, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self) -> None:
        """Waits for the process to end, whatever the reason, and lets nobody wait for it any longer."""
        self.process.wait()
        self.server.shutdown()
        self.server.server_close()
        self.fail_if_ended()

    def fail_if_ended(self) -> None:
        code = self.process.poll()
        if code is None:
            return
        status = f"signal {-code}" if code < 0 else f"exit status {code}"
        settle(self.ready, error=LambdaRuntimeException(f"the runtime ended in its initialisation ({status})"))
        if self.current:
            request_id, answer = self.current
            text = f"RequestId: {request_id} Error: Runtime exited with error: {status}"
            payload = {"errorType": "Runtime.ExitError", "errorMessage": text}
            settle(answer, (json.dumps(payload).encode(), True))

    def ask(self, request_id: str, invocation: dict) -> Future:
        answer: Future = Future()
        self.current = (request_id, answer)
        self.pending.put(invocation)
        # One that ended a moment ago has been looked at already, before this invocation was there.
        self.fail_if_ended()
        return answer

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def peak_megabytes(self) -> int:
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
            return int(status.split("VmHWM:")[1].split()[0]) // 1024
        except (OSError, IndexError):  # not Linux, or ended
            return 0


def settle(future: Future, result=None, error: Exception | None = None) -> None:
    """The first outcome counts."""
    try:
        future.set_exception(error) if error else future.set_result(result)
    except InvalidStateError:
        pass


class RuntimeApi(BaseHTTPRequestHandler):
    """The four routes of the Runtime API, for one runtime (self.server.runtime)."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def reply(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        # In one write: a head and a body apart would cost a delayed acknowledgement.
        lines = [f"HTTP/1.1 {status} {self.responses[status][0]}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        self.wfile.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def do_GET(self):
        runtime: Runtime = self.server.runtime
        if self.path != f"{API}invocation/next":
            return self.reply(404)
        settle(runtime.ready, True)
        while runtime.process.poll() is None:
            try:
                invocation = runtime.pending.get(timeout=1)
            except queue.Empty:
                continue
            return self.reply(200, invocation["payload"], invocation["headers"])
        self.close_connection = True

    def do_POST(self):
        runtime: Runtime = self.server.runtime
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        match self.path.removeprefix(API).split("/"):
            case ["init", "error"]:
                settle(runtime.ready, error=StatusErrorException("initialisation failed", payload=body))
            case ["invocation", request_id, ("response" | "error") as kind]:
                # An answer to an earlier invocation, which was cut off, counts for nothing.
                if runtime.current and runtime.current[0] == request_id:
                    settle(runtime.current[1], (body, kind == "error"))
            case _:
                return self.reply(404)
        self.reply(202)


class ProcessExecutor(RuntimeExecutor):
    """An execution environment: a folder, and one process at a time. LocalStack invokes it once at a time."""

    def __init__(self, id: str, function_version: FunctionVersion) -> None:
        super().__init__(id=id, function_version=function_version)
        self.folder = Path(tempfile.mkdtemp(prefix="lambda-"))
        self.log = self.folder / "log"
        self.log_offset = 0
        self.environment: dict[str, str] = {}
        self.runtime: Runtime | None = None

    def start(self, env_vars: dict[str, str]) -> None:
        configuration = self.function_version.config
        (self.folder / "tmp").mkdir()
        kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        self.environment = (
            kept
            | {name: str(value) for name, value in env_vars.items()}
            | {
                "AWS_EXECUTION_ENV": f"AWS_Lambda_{configuration.runtime}",
                "LAMBDA_TASK_ROOT": str(configuration.code.get_unzipped_code_location()),
                "TMPDIR": str(self.folder / "tmp"),
                "TZ": "UTC",
            }
        )
        # An observer before the cloud, if there is one, instead of the cloud itself.
        if endpoint := os.environ.get("LAMBDA_PROCESS_ENDPOINT_URL"):
            self.environment["AWS_ENDPOINT_URL"] = endpoint
        self.spawn()

    def spawn(self) -> None:
        command = json.loads(os.environ["LAMBDA_PROCESS_COMMAND"])
        self.runtime = Runtime(command, self.environment, self.environment["LAMBDA_TASK_ROOT"], self.log)
        # LocalStack gives up on a slow one by calling stop from another thread: the process ends, and this with it.
        self.runtime.ready.result()

    def stop(self) -> None:
        if self.runtime:
            self.runtime.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        request_id, timeout = payload["invoke-id"], self.function_version.config.timeout
        if self.runtime.process.poll() is not None:
            self.spawn()  # after a crash or a time-out: a new process in the same environment, as on Lambda
        started = time.monotonic()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + timeout) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": payload["invoked-function-arn"],
            "Lambda-Runtime-Trace-Id": payload["trace-id"],
        }
        answer = self.runtime.ask(request_id, {"payload": payload["payload"].encode(), "headers": headers})
        try:
            body, is_error = answer.result(timeout=timeout)
            said = ""
        except TimeoutError:
            settle(answer, (b"", True))
            memory = self.runtime.peak_megabytes()
            self.runtime.kill()
            stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            said = f"{stamp} {request_id} Task timed out after {timeout:.2f} seconds\n"
            body, is_error = json.dumps({"errorMessage": said.rstrip()}).encode(), True
        else:
            memory = self.runtime.peak_megabytes()
        milliseconds = (time.monotonic() - started) * 1000
        return InvocationResult(
            request_id, body, is_error=is_error, logs=self.report(request_id, said, milliseconds, memory)
        )

    def report(self, request_id: str, said: str, milliseconds: float, memory: int) -> str:
        """What the invocation printed, framed as Lambda frames it."""
        lines = self.new_log_text()
        if lines and not lines.endswith("\n"):
            lines += "\n"
        return (
            f"START RequestId: {request_id} Version: {self.function_version.id.qualifier}\n{lines}{said}"
            f"END RequestId: {request_id}\n"
            f"REPORT RequestId: {request_id}\tDuration: {milliseconds:.2f} ms\t"
            f"Billed Duration: {int(milliseconds) + 1} ms\tMemory Size: {self.function_version.config.memory_size} MB\t"
            f"Max Memory Used: {memory} MB\n"
        )

    def new_log_text(self) -> str:
        with self.log.open("rb") as log:
            log.seek(self.log_offset)
            data = log.read()
        self.log_offset += len(data)
        return data.decode(errors="replace")

    def get_logs(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def get_address(self) -> str:
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        return "http://127.0.0.1:0/unused"  # of LocalStack's own init process, which is not here

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        if function_version.config.code:
            function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        pass


@hooks.on_infra_start()
def apply_patches() -> None:
    bind_to_configured_host()
    if MAPPING_CONCURRENCY > 0:
        handle_batches_at_once()


def bind_to_configured_host() -> None:
    """The gateway takes the port of GATEWAY_LISTEN but would bind every interface."""
    from localstack import config
    from twisted.internet import endpoints

    host = config.GATEWAY_LISTEN[0].host
    endpoints.TCP4ServerEndpoint = functools.partial(endpoints.TCP4ServerEndpoint, interface=host)


def handle_batches_at_once() -> None:
    """One thread a mapping polls, as before; the batches that it receives are handled by a pool."""
    from localstack.services.lambda_.event_source_mapping.esm_worker import EsmWorker
    from localstack.services.lambda_.event_source_mapping.pollers.sqs_poller import SqsPoller

    # Without a batching window LocalStack polls short and pauses after the first empty answer: poll long instead.
    # (SQS answers as soon as a message is there; with a batch above 10 LocalStack would wait for it to fill.)
    poller_init = SqsPoller.__init__

    def long_polling_init(self, *args, **kwargs):
        poller_init(self, *args, **kwargs)
        if not self.maximum_batching_window and self.batch_size <= 10:
            self.maximum_batching_window = 5

    SqsPoller.__init__ = long_polling_init

    # Only the mapping knows its MaximumConcurrency.
    worker_init = EsmWorker.__init__

    def limited_init(self, esm_config, poller, *args, **kwargs):
        worker_init(self, esm_config, poller, *args, **kwargs)
        asked = (esm_config.get("ScalingConfig") or {}).get("MaximumConcurrency")
        limit = min(MAPPING_CONCURRENCY, asked or MAPPING_CONCURRENCY)
        poller.pool = ThreadPoolExecutor(limit, thread_name_prefix="event-source-mapping")
        poller.free = threading.Semaphore(limit)

    EsmWorker.__init__ = limited_init

    # Order within a group of a FIFO queue is kept by SQS itself: it hands out no second message of a group before
    # the first is deleted or visible again.
    handle = SqsPoller.handle_messages

    def handle_in_pool(self, messages):
        if not hasattr(self, "pool"):  # a pipe, not a mapping
            return handle(self, messages)

        def work():
            try:
                handle(self, messages)
            except Exception as e:  # the messages come again after their visibility timeout
                LOG.warning("batch of %s failed: %r", self.source_arn, e)
            finally:
                self.free.release()

        self.free.acquire()  # no more is received than can be handled
        self.pool.submit(work)

    SqsPoller.handle_messages = handle_in_pool
