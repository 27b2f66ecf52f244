import axios from 'axios';

const options = {
  method: 'GET',
  url: `${process.env.BASE_URL}/v1/audience`,
  params: { account_id: process.env.ACCOUNT_ID },
  headers: {
    Accept: 'application/json',
    Authorization: `Basic ${process.env.CREDENTIALS}`
  }
};

try {
  const { status, data } = await axios.request(options);
  console.log(JSON.stringify({ status, data }));
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
