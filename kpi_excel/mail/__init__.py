"""Delivery: the right workbook to the right person, once.

recipients   who may read what: editions of the units' workbooks
letters      the record of a run and the recipients become letters, one for each unit and address
compose      a letter becomes a parcel: the message as it goes over the wire; pictures and building help
sending      what has not been sent goes out, with retries; outbox and journal remember what became of it
transports   the ways out, each with one method: smtp, graph, outlook, a folder, and memory for tests
"""
