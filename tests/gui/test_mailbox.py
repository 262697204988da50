"""The mailbox: the newest letter, and one wake-up at a time."""

from __future__ import annotations

from threading import Thread

from aphyn_gui.gui.mailbox import Mailbox


def test_only_the_letter_into_an_empty_box_wakes_the_reader() -> None:
    box: Mailbox[int] = Mailbox()
    assert [box.put(1), box.put(2), box.put(3)] == [True, False, False]
    assert box.take() == 3
    assert box.take() is None
    assert box.put(4)


def test_a_reader_sees_letters_in_order_and_the_last_one() -> None:
    box: Mailbox[int] = Mailbox()
    count = 20_000
    sender = Thread(target=lambda: [box.put(number) for number in range(count)])
    sender.start()
    seen: list[int] = []
    while sender.is_alive() or not seen or seen[-1] != count - 1:
        letter = box.take()
        if letter is not None:
            seen.append(letter)
    sender.join()
    assert seen == sorted(set(seen))
    assert seen[-1] == count - 1
