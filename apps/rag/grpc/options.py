"""What both ends of the connection agree on: sizes, pulses, how long a call may take."""

from __future__ import annotations

import json
from typing import Final

MAX_REQUEST_BYTES: Final = 4 * 1024 * 1024  # 128 texts of 8,000 characters
MAX_RESPONSE_BYTES: Final = 16 * 1024 * 1024  # 100 whole passages with every leg's ranking take a tenth of it
MAX_METADATA_BYTES: Final = 32 * 1024  # a token that names some hundred organisations
MAX_CALLS: Final = 200

ANSWER_S: Final = 180.0
SEARCH_S: Final = 30.0
EMBED_S: Final = 60.0
STATUS_S: Final = 2.0

_PULSE_MS: Final = 30_000
_PULSE_ANSWER_MS: Final = 10_000
_SERVICE: Final = "kauri.rag.v1.RagEngine"

Options = tuple[tuple[str, str | int], ...]

_BOTH: Final[Options] = (
    ("grpc.max_metadata_size", MAX_METADATA_BYTES),
    ("grpc.keepalive_time_ms", _PULSE_MS),
    ("grpc.keepalive_timeout_ms", _PULSE_ANSWER_MS),
    ("grpc.keepalive_permit_without_calls", 1),
)
SERVER: Final[Options] = (
    *_BOTH,
    ("grpc.max_receive_message_length", MAX_REQUEST_BYTES),
    ("grpc.max_send_message_length", MAX_RESPONSE_BYTES),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", _PULSE_MS // 3),
    ("grpc.so_reuseport", 0),  # a second server on a taken port must fail, not share it
)
CLIENT: Final[Options] = (
    *_BOTH,
    ("grpc.max_receive_message_length", MAX_RESPONSE_BYTES),
    ("grpc.max_send_message_length", MAX_REQUEST_BYTES),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 1_000),  # also how long one attempt to connect may take
    ("grpc.max_reconnect_backoff_ms", 2_000),
    (
        "grpc.service_config",
        json.dumps(
            {
                # Over every address of the name: with a headless service, over every pod.
                "loadBalancingConfig": [{"round_robin": {}}],
                "methodConfig": [
                    {
                        "name": [{"service": _SERVICE}],
                        # Only what no server has begun to answer is sent again.
                        "retryPolicy": {
                            "maxAttempts": 3,
                            "initialBackoff": "0.1s",
                            "maxBackoff": "0.5s",
                            "backoffMultiplier": 2,
                            "retryableStatusCodes": ["UNAVAILABLE"],
                        },
                    }
                ],
            }
        ),
    ),
)
