"""Facts about places: capitals, currencies, languages, landmarks and rivers.

One fact a line, `subject = value` in Korean, English and Japanese.
"""

from __future__ import annotations

CAPITAL = """
페루 = 리마 | Peru = Lima | ペルー = リマ
칠레 = 산티아고 | Chile = Santiago | チリ = サンティアゴ
일본 = 도쿄 | Japan = Tokyo | 日本 = 東京
한국 = 서울 | Korea = Seoul | 韓国 = ソウル
중국 = 베이징 | China = Beijing | 中国 = 北京
프랑스 = 파리 | France = Paris | フランス = パリ
독일 = 베를린 | Germany = Berlin | ドイツ = ベルリン
이탈리아 = 로마 | Italy = Rome | イタリア = ローマ
스페인 = 마드리드 | Spain = Madrid | スペイン = マドリード
포르투갈 = 리스본 | Portugal = Lisbon | ポルトガル = リスボン
영국 = 런던 | Britain = London | イギリス = ロンドン
아일랜드 = 더블린 | Ireland = Dublin | アイルランド = ダブリン
네덜란드 = 암스테르담 | Holland = Amsterdam | オランダ = アムステルダム
벨기에 = 브뤼셀 | Belgium = Brussels | ベルギー = ブリュッセル
오스트리아 = 빈 | Austria = Vienna | オーストリア = ウィーン
헝가리 = 부다페스트 | Hungary = Budapest | ハンガリー = ブダペスト
체코 = 프라하 | Czechia = Prague | チェコ = プラハ
폴란드 = 바르샤바 | Poland = Warsaw | ポーランド = ワルシャワ
덴마크 = 코펜하겐 | Denmark = Copenhagen | デンマーク = コペンハーゲン
스웨덴 = 스톡홀름 | Sweden = Stockholm | スウェーデン = ストックホルム
노르웨이 = 오슬로 | Norway = Oslo | ノルウェー = オスロ
핀란드 = 헬싱키 | Finland = Helsinki | フィンランド = ヘルシンキ
그리스 = 아테네 | Greece = Athens | ギリシャ = アテネ
튀르키예 = 앙카라 | Turkey = Ankara | トルコ = アンカラ
이집트 = 카이로 | Egypt = Cairo | エジプト = カイロ
케냐 = 나이로비 | Kenya = Nairobi | ケニア = ナイロビ
모로코 = 라바트 | Morocco = Rabat | モロッコ = ラバト
쿠바 = 아바나 | Cuba = Havana | キューバ = ハバナ
콜롬비아 = 보고타 | Colombia = Bogota | コロンビア = ボゴタ
아르헨티나 = 부에노스아이레스 | Argentina = Buenos Aires | アルゼンチン = ブエノスアイレス
우루과이 = 몬테비데오 | Uruguay = Montevideo | ウルグアイ = モンテビデオ
캐나다 = 오타와 | Canada = Ottawa | カナダ = オタワ
미국 = 워싱턴 | America = Washington | アメリカ = ワシントン
호주 = 캔버라 | Australia = Canberra | オーストラリア = キャンベラ
뉴질랜드 = 웰링턴 | New Zealand = Wellington | ニュージーランド = ウェリントン
태국 = 방콕 | Thailand = Bangkok | タイ = バンコク
베트남 = 하노이 | Vietnam = Hanoi | ベトナム = ハノイ
몽골 = 울란바토르 | Mongolia = Ulaanbaatar | モンゴル = ウランバートル
네팔 = 카트만두 | Nepal = Kathmandu | ネパール = カトマンズ
이란 = 테헤란 | Iran = Tehran | イラン = テヘラン
이라크 = 바그다드 | Iraq = Baghdad | イラク = バグダッド
"""

CURRENCY = """
한국 = 원 | Korea = won | 韓国 = ウォン
일본 = 엔 | Japan = yen | 日本 = 円
중국 = 위안 | China = yuan | 中国 = 人民元
인도 = 루피 | India = rupee | インド = ルピー
태국 = 바트 | Thailand = baht | タイ = バーツ
베트남 = 동 | Vietnam = dong | ベトナム = ドン
몽골 = 투그릭 | Mongolia = tugrik | モンゴル = トゥグルグ
러시아 = 루블 | Russia = rouble | ロシア = ルーブル
튀르키예 = 리라 | Turkey = lira | トルコ = リラ
이스라엘 = 셰켈 | Israel = shekel | イスラエル = シェケル
영국 = 파운드 | Britain = pound | イギリス = ポンド
미국 = 달러 | America = dollar | アメリカ = ドル
멕시코 = 페소 | Mexico = peso | メキシコ = ペソ
브라질 = 헤알 | Brazil = real | ブラジル = レアル
페루 = 솔 | Peru = sol | ペルー = ソル
폴란드 = 즈워티 | Poland = zloty | ポーランド = ズウォティ
헝가리 = 포린트 | Hungary = forint | ハンガリー = フォリント
체코 = 코루나 | Czechia = koruna | チェコ = コルナ
스위스 = 프랑 | Switzerland = franc | スイス = フラン
덴마크 = 크로네 | Denmark = krone | デンマーク = クローネ
프랑스 = 유로 | France = euro | フランス = ユーロ
독일 = 유로 | Germany = euro | ドイツ = ユーロ
모로코 = 디르함 | Morocco = dirham | モロッコ = ディルハム
남아프리카공화국 = 랜드 | South Africa = rand | 南アフリカ = ランド
방글라데시 = 타카 | Bangladesh = taka | バングラデシュ = タカ
말레이시아 = 링깃 | Malaysia = ringgit | マレーシア = リンギット
조지아 = 라리 | Georgia = lari | ジョージア = ラリ
"""

LANGUAGE = """
브라질 = 포르투갈어 | Brazil = Portuguese | ブラジル = ポルトガル語
멕시코 = 스페인어 | Mexico = Spanish | メキシコ = スペイン語
쿠바 = 스페인어 | Cuba = Spanish | キューバ = スペイン語
오스트리아 = 독일어 | Austria = German | オーストリア = ドイツ語
이집트 = 아랍어 | Egypt = Arabic | エジプト = アラビア語
요르단 = 아랍어 | Jordan = Arabic | ヨルダン = アラビア語
모나코 = 프랑스어 | Monaco = French | モナコ = フランス語
호주 = 영어 | Australia = English | オーストラリア = 英語
자메이카 = 영어 | Jamaica = English | ジャマイカ = 英語
이란 = 페르시아어 | Iran = Persian | イラン = ペルシア語
그리스 = 그리스어 | Greece = Greek | ギリシャ = ギリシャ語
헝가리 = 헝가리어 | Hungary = Hungarian | ハンガリー = ハンガリー語
폴란드 = 폴란드어 | Poland = Polish | ポーランド = ポーランド語
체코 = 체코어 | Czechia = Czech | チェコ = チェコ語
태국 = 타이어 | Thailand = Thai | タイ = タイ語
베트남 = 베트남어 | Vietnam = Vietnamese | ベトナム = ベトナム語
몽골 = 몽골어 | Mongolia = Mongolian | モンゴル = モンゴル語
네팔 = 네팔어 | Nepal = Nepali | ネパール = ネパール語
튀르키예 = 튀르키예어 | Turkey = Turkish | トルコ = トルコ語
아이슬란드 = 아이슬란드어 | Iceland = Icelandic | アイスランド = アイスランド語
"""

LANDMARK = """
에펠탑 = 파리 | the Eiffel Tower = Paris | エッフェル塔 = パリ
콜로세움 = 로마 | the Colosseum = Rome | コロッセオ = ローマ
빅벤 = 런던 | Big Ben = London | ビッグベン = ロンドン
자유의 여신상 = 뉴욕 | the Statue of Liberty = New York | 自由の女神 = ニューヨーク
사그라다 파밀리아 = 바르셀로나 | the Sagrada Familia = Barcelona | サグラダ・ファミリア = バルセロナ
금문교 = 샌프란시스코 | the Golden Gate Bridge = San Francisco | 金門橋 = サンフランシスコ
브란덴부르크 문 = 베를린 | the Brandenburg Gate = Berlin | ブランデンブルク門 = ベルリン
경복궁 = 서울 | Gyeongbok Palace = Seoul | 景福宮 = ソウル
금각사 = 교토 | the Golden Pavilion = Kyoto | 金閣寺 = 京都
자금성 = 베이징 | the Forbidden City = Beijing | 紫禁城 = 北京
파르테논 신전 = 아테네 | the Parthenon = Athens | パルテノン神殿 = アテネ
아야 소피아 = 이스탄불 | Hagia Sophia = Istanbul | アヤソフィア = イスタンブール
붉은 광장 = 모스크바 | Red Square = Moscow | 赤の広場 = モスクワ
카를교 = 프라하 | Charles Bridge = Prague | カレル橋 = プラハ
리알토 다리 = 베네치아 | the Rialto Bridge = Venice | リアルト橋 = ヴェネツィア
부르즈 할리파 = 두바이 | the Burj Khalifa = Dubai | ブルジュ・ハリファ = ドバイ
그리스도상 = 리우데자네이루 | Christ the Redeemer = Rio de Janeiro | コルコバードのキリスト像 = リオデジャネイロ
오페라 하우스 = 시드니 | the shell-roofed Opera House = Sydney | オペラハウス = シドニー
불국사 = 경주 | Bulguk Temple = Gyeongju | 仏国寺 = 慶州
알람브라 궁전 = 그라나다 | the Alhambra = Granada | アルハンブラ宮殿 = グラナダ
스완 벨 타워 = 퍼스 | the Swan Bells = Perth | スワンベル = パース
쇤브룬 궁전 = 빈 | Schonbrunn Palace = Vienna | シェーンブルン宮殿 = ウィーン
인어공주상 = 코펜하겐 | the Little Mermaid statue = Copenhagen | 人魚姫の像 = コペンハーゲン
"""

RIVER = """
나일강 = 아프리카 | the Nile = Africa | ナイル川 = アフリカ
콩고강 = 아프리카 | the Congo = Africa | コンゴ川 = アフリカ
잠베지강 = 아프리카 | the Zambezi = Africa | ザンベジ川 = アフリカ
아마존강 = 남아메리카 | the Amazon = South America | アマゾン川 = 南アメリカ
오리노코강 = 남아메리카 | the Orinoco = South America | オリノコ川 = 南アメリカ
파라나강 = 남아메리카 | the Parana = South America | パラナ川 = 南アメリカ
미시시피강 = 북아메리카 | the Mississippi = North America | ミシシッピ川 = 北アメリカ
유콘강 = 북아메리카 | the Yukon = North America | ユーコン川 = 北アメリカ
메콩강 = 아시아 | the Mekong = Asia | メコン川 = アジア
갠지스강 = 아시아 | the Ganges = Asia | ガンジス川 = アジア
양쯔강 = 아시아 | the Yangtze = Asia | 長江 = アジア
낙동강 = 아시아 | the Nakdong = Asia | 洛東江 = アジア
다뉴브강 = 유럽 | the Danube = Europe | ドナウ川 = ヨーロッパ
라인강 = 유럽 | the Rhine = Europe | ライン川 = ヨーロッパ
센강 = 유럽 | the Seine = Europe | セーヌ川 = ヨーロッパ
템스강 = 유럽 | the Thames = Europe | テムズ川 = ヨーロッパ
머리강 = 오세아니아 | the Murray = Oceania | マレー川 = オセアニア
달링강 = 오세아니아 | the Darling = Oceania | ダーリング川 = オセアニア
"""
