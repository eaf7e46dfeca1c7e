#!/bin/sh
# qmail-qmtpd must take a length for what it says. "," is 4 below "0": as a
# digit it makes a length of 2^64 - 4, and with RELAYCLIENT's bytes added this
# looks short enough for a buffer of 1000.

home=$PWD/qmtp-home
mkdir -p "$home/control" || { echo "could not run: no directory"; exit 99; }
printf '#!/bin/sh\ncat > /dev/null\ncat <&1 > /dev/null\n' > "$home/queue"
chmod 755 "$home/queue"
printf 'char auto_qmail[] = "%s";\n' "$home" > auto_qmail.c
rm -f auto_qmail.o qmail-qmtpd
if make qmail-qmtpd > qmtp.log 2>&1
then :
else
  cat qmtp.log
  echo "could not link qmail-qmtpd"
  exit 99
fi

qmtpd() { env RELAYCLIENT=@relay QMAILQUEUE="$home/queue" ./qmail-qmtpd; }

printf '7:\nHello\n,5:a@b.c,8:5:d@e.f,,' > qmtp.in
if qmtpd < qmtp.in | grep '^[0-9]*:Kok ' > /dev/null
then :
else
  echo "could not run: qmail-qmtpd does not accept an ordinary message here"
  exit 99
fi

# far more than lies behind the buffer
{ printf '1:\n,0:,/:,:'; head -c 8000000 /dev/zero | tr '\0' A; } > qmtp.in
qmtpd < qmtp.in
rc=$?
if [ $rc -eq 100 ]
then
  echo "qmail-qmtpd refuses a length that is not made of digits."
  exit 0
fi
echo "qmail-qmtpd took a length of 2^64 - 4 for a short one and ended with status $rc, not 100."
exit 1
