"""Parsed documents and refusals as JSON, between the parsing child and its parent."""

import json
from typing import Any

from apps.knowledge.parsers.refusals import Refused
from apps.knowledge.parsers.types import AccountRow, Block, ParsedDocument


def document_to_json(document: ParsedDocument) -> bytes:
    """Write a document; lone surrogates from broken fonts become U+FFFD so that it stays UTF-8."""
    blocks = [_block_row(block) for block in document.blocks]
    body = {
        "format": document.format,
        "blocks": blocks,
        "page_count": document.page_count,
        "title": document.title,
        "pages_without_text": document.pages_without_text,
    }
    return json.dumps({"document": body}, ensure_ascii=False).encode("utf-8", "replace")


def refusal_to_json(refused: Refused) -> bytes:
    return json.dumps({"refused": [refused.kind, refused.found, refused.pages]}).encode()


def document_from_json(raw: bytes) -> ParsedDocument:
    """Read what the child sent.

    Raises Refused as the child did, or as `broken` when the bytes are no whole message.
    """
    try:
        message = json.loads(raw)
        if "refused" in message:
            kind, found, pages = message["refused"]
            raise Refused(kind, found=str(found), pages=int(pages))
        body = message["document"]
        return ParsedDocument(
            format=body["format"],
            blocks=tuple(_block(row) for row in body["blocks"]),
            page_count=body["page_count"],
            title=body["title"],
            pages_without_text=body["pages_without_text"],
        )
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise Refused("broken") from error


def _block_row(block: Block) -> list[object]:
    account = block.account
    account_row = None if account is None else [account.number, account.label, account.plan]
    return [block.kind, block.text, block.level, block.page, block.rows, block.label, account_row]


def _block(row: list[Any]) -> Block:
    kind, text, level, page, rows, label, account = row
    return Block(
        kind=kind,
        text=text,
        level=level,
        page=page,
        rows=tuple(tuple(cells) for cells in rows),
        label=label,
        account=None if account is None else AccountRow(*account),
    )
