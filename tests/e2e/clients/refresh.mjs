import axios from 'axios';

const options = {
  method: 'POST',
  url: `${process.env.BASE_URL}/v1/profiles/refresh`,
  headers: {
    'Content-Type': 'application/json',
    Accept: 'application/json',
    Authorization: `Basic ${process.env.CREDENTIALS}`
  },
  data: { account_id: process.env.ACCOUNT_ID }
};

try {
  const { status, data } = await axios.request(options);
  console.log(JSON.stringify({ status, data }));
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
